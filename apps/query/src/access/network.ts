import ipaddr from 'ipaddr.js';

/** The /64 prefix of an IPv6 address. A client usually controls a whole /64. */
const NETWORK_BYTES = 8;

/** The key for counting failed attempts: the IPv4 address, or the /64 of an IPv6 address. */
export function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  return `${Buffer.from(parsed.toByteArray().slice(0, NETWORK_BYTES)).toString('hex')}/64`;
}
