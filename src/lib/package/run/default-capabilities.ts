/** The capabilities of every docker container (moby, oci/caps/defaults.go). */
const DEFAULT_CAPABILITIES = new Set([
  ...['AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD', 'NET_BIND_SERVICE', 'NET_RAW'],
  ...['SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT'],
])

/** `CAP_CHOWN` and `chown` are `CHOWN`. */
export function capabilityName(text: string): string {
  return text.toUpperCase().replace(/^CAP_/, '')
}

/** Whether every container has this capability unless it is dropped. */
export function isDefaultCapability(text: string): boolean {
  return DEFAULT_CAPABILITIES.has(capabilityName(text))
}
