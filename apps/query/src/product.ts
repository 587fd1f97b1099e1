export const API_NAME = 'Serverstats API';
