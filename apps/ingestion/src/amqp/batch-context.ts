import { BaseRpcContext } from '@nestjs/microservices';

/** What a batch handler is told beside its batch. */
export class BatchContext extends BaseRpcContext<[queue: string]> {
  get queue(): string {
    return this.args[0];
  }
}
