import {SYNC_TARGETS, SyncCommand} from '../../lib/command/sync-command.js'
import type {MonitorEvent} from '../../lib/sync/monitor/monitor-event.js'
import {monitorSelected, type MonitorReport} from '../../lib/sync/monitor/monitor-selected.js'
import {MonitorText} from '../../lib/sync/monitor/monitor-text.js'

export default class SyncMonitor extends SyncCommand {
  static override args = {...SYNC_TARGETS}
  static override description = [
    'It stays until Ctrl-C, or until all of them are ended. Edits in the folder come over at once, and a sync is paused while',
    'another branch is checked out. With --json each event is an object on a line of its own.',
  ].join(' ')
  static override examples = [
    {command: '<%= config.bin %> <%= command.id %>', description: "This folder's syncs."},
    '<%= config.bin %> <%= command.id %> shop',
    {command: '<%= config.bin %> <%= command.id %> --all --json', description: 'For programs: an event a line.'},
  ]
  static override flags = {...SyncCommand.flags}
  static override summary = 'Stay with syncs: show what becomes of them, and bring edits over at once.'

  async run(): Promise<MonitorReport> {
    const {args, flags} = await this.parse(SyncMonitor)
    const text = new MonitorText()
    const listen = (event: MonitorEvent): void => {
      if (this.jsonEnabled()) {
        this.logJson(event)
        return
      }
      const lines = flags.quiet ? [] : text.lines(event)
      if (lines.length > 0) this.log(lines.join('\n'))
      this.show(flags, text.current)
    }
    return monitorSelected({...this.selection(args.targets, flags), listen})
  }

  /** Events and errors are lines of their own, and so is what was monitored in the end. */
  override logJson(json: unknown): void {
    process.stdout.write(`${JSON.stringify(json)}\n`)
  }
}
