import { RequestWindow, type Usage } from './request-window.js';

/**
 * The two rate limits: requests of an API key and failed attempts of a network. Each instance counts for itself, so
 * with several instances behind a load balancer, the limit applies to each of them separately.
 */
export class RequestRates {
  private readonly requests?: RequestWindow;
  private readonly failures?: RequestWindow;

  /** @param perMinute requests per key, and failed attempts per network; 0 disables both limits */
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

  uncountFailure(network: string): void {
    this.failures?.uncount(network);
  }

  failuresOf(network: string): Usage | undefined {
    return this.failures?.usageOf(network);
  }
}
