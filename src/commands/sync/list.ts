import {KegCommand} from '../../lib/command/keg-command.js'
import {listSessions} from '../../lib/sync/list-sessions.js'
import type {SyncSession} from '../../lib/sync/session.js'

export default class SyncList extends KegCommand {
  static override summary = 'List the syncs that keg made.'

  async run(): Promise<SyncSession[]> {
    const {flags} = await this.parse(SyncList)
    const sessions = await listSessions(this.environment(flags), this.signal)
    this.log(sessions.map(({name}) => name).join('\n'))
    return sessions
  }
}
