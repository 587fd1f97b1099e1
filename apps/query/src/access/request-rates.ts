import { RequestWindow, type Usage } from './request-window.js';

/**
 * The two limits, each counted by this instance alone: with several instances behind a balancer, a key may make as many
 * requests at each of them.
 */
export class RequestRates {
  private readonly requests?: RequestWindow;
  private readonly failures?: RequestWindow;

  /** @param perMinute requests a key, and failed credentials an address; 0 switches both limits off */
  constructor(perMinute: number, now?: () => number) {
    if (perMinute === 0) return;
    this.requests = new RequestWindow({ policy: 'key', quota: perMinute, now });
    this.failures = new RequestWindow({ policy: 'failed-credentials', quota: perMinute, now });
  }

  countRequest(keyId: string): Usage | undefined {
    return this.requests?.count(keyId);
  }

  countFailure(network: string): Usage | undefined {
    return this.failures?.count(network);
  }

  takeBackFailure(network: string): void {
    this.failures?.takeBack(network);
  }

  failuresOf(network: string): Usage | undefined {
    return this.failures?.look(network);
  }
}
