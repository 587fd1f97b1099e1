import { render } from 'preact';
import { queries } from './api/queries.js';
import { App } from './app.js';
import { followLinks } from './navigation/navigation.js';
import './styles/tokens.css';
import './styles/base.css';
import './styles/layout.css';
import './styles/charts.css';
import './styles/tables.css';

queries.mount();
followLinks();
render(<App />, document.getElementById('app')!);
