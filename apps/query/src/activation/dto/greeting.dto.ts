import { ApiProperty, ApiSchema } from '@nestjs/swagger';

@ApiSchema({ name: 'Greeting' })
export class Greeting {
  @ApiProperty({ description: 'Name and version of the API' })
  message: string;
}
