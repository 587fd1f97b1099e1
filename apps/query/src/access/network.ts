import ipaddr from 'ipaddr.js';

/** Bytes of an IPv6 address that name a network: whoever has one address usually has the whole /64. */
const NETWORK_BYTES = 8;

/** What the failed credentials of an address are counted by: an IPv4 address, or the /64 of an IPv6 address. */
export function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  return `${Buffer.from(parsed.toByteArray().slice(0, NETWORK_BYTES)).toString('hex')}/64`;
}
