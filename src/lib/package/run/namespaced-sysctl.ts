/**
 * Kernel parameters that each container has its own value of: those of its IPC namespace, and those of its network
 * (https://docs.docker.com/reference/cli/docker/container/run/#sysctl).
 */
const OF_IPC = new Set([
  ...['kernel.msgmax', 'kernel.msgmnb', 'kernel.msgmni', 'kernel.sem', 'kernel.shm_rmid_forced'],
  ...['kernel.shmall', 'kernel.shmmax', 'kernel.shmmni'],
])

const OF_NETWORK_OR_QUEUES = /^(?:net|fs\.mqueue)(?:\.[a-z0-9_-]+)+$/i

/** Numbers, words and lists of them. */
const VALUE = /^[\w.,:+-]+(?:[ \t][\w.,:+-]+)*$/

/** Whether a kernel parameter belongs to a container's own namespaces, and the value has a valid form. */
export function isNamespacedSysctl(name: string, value: string): boolean {
  return (OF_IPC.has(name) || OF_NETWORK_OR_QUEUES.test(name)) && value.length <= 256 && VALUE.test(value)
}
