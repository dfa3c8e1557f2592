import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'

/** A user that every Debian machine has and that owns nothing (base-passwd). */
export const subordinateUser = 'daemon'

/** How many ids the user gets, as many as from useradd. */
const count = 65_536

/**
 * Gives `subordinateUser` ids of the machine, users from `users` on and groups from `groups` on, within a namespace only: the
 * machine's /etc/subuid and /etc/subgid do not change (subuid(5), subgid(5)).
 *
 * @param {import('./mount-namespace.js').MountNamespace} namespace
 * @param {string} folder where the files are written
 * @param {{users: number, groups: number}} first
 */
export async function giveSubordinateIds(namespace, folder, first) {
  for (const [target, id] of /** @type {const} */ ([
    ['/etc/subuid', first.users],
    ['/etc/subgid', first.groups],
  ])) {
    const source = join(folder, target.replace('/etc/', ''))
    await writeFile(source, `${subordinateUser}:${id}:${count}\n`)
    // A missing file cannot be bound; an empty one means the same.
    await writeFile(target, '', {flag: 'a'})
    await namespace.bind(source, target)
  }
}
