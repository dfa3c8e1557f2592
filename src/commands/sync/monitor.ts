import type {Answers} from '../../lib/command/answers.js'
import {SYNC_TARGETS, SyncCommand} from '../../lib/command/sync-command.js'
import {InterruptedError} from '../../lib/error/keg-error.js'
import {BROKEN_PIPE} from '../../lib/container/exec/await-stop.js'
import type {MonitorEvent} from '../../lib/sync/monitor/monitor-event.js'
import {monitorSelected} from '../../lib/sync/monitor/monitor-selected.js'
import {MonitorText} from '../../lib/sync/monitor/monitor-text.js'

export default class SyncMonitor extends SyncCommand {
  static override args = {...SYNC_TARGETS}
  static override description = [
    'Shows each edit as it is synced, until Ctrl-C or until all syncs are terminated. Edits in the folder are synced at once,',
    'and a sync is paused while another branch is checked out. With --json each event is a JSON object on its own line.',
  ].join(' ')
  static override examples = [
    {command: '<%= config.bin %> <%= command.id %>', description: "This folder's syncs."},
    '<%= config.bin %> <%= command.id %> shop',
    {
      command: '<%= config.bin %> <%= command.id %> --all --json',
      description: 'Print one event per line, for programs.',
    },
  ]
  static override flags = {...SyncCommand.flags}
  static override summary = 'Watch syncs: show their state, and sync each edit at once.'

  async run(): Promise<Answers['sync:monitor']> {
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
    return monitorSelected(this.work(flags), {
      ...this.selectionOptions(args.targets, flags),
      listen,
      enough: this.#enough(),
    })
  }

  /** Ctrl-C and a closed pipe end the monitor without an error. */
  #enough(): AbortSignal {
    const enough = new AbortController()
    this.signal.addEventListener('abort', () => {
      const reason: unknown = this.signal.reason
      if (reason instanceof InterruptedError && reason.signal === 'SIGINT') enough.abort(reason)
    })
    process.stdout.once('error', () => {
      process.exitCode = BROKEN_PIPE
      enough.abort()
    })
    return enough.signal
  }

  /** Events and errors are one line each, and so is the final report. */
  override logJson(json: unknown): void {
    process.stdout.write(`${JSON.stringify(json)}\n`)
  }
}
