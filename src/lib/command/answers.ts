import type {ChangedSetting, SetSetting} from '../config/setting/setting-text.js'
import type {DoctorReport} from '../doctor/doctor.js'
import type {ErrorAnswer} from '../error/keg-error.js'
import type {ImportResult} from '../import/import-configuration.js'
import type {InspectedProject, InspectResult} from '../package/inspect/inspect-package.js'
import type {ListedPackage} from '../package/list/model.js'
import type {PackageResult} from '../package/package-result.js'
import type {ProjectResult} from '../package/project/project-result.js'
import type {PushedPackage} from '../package/push-package.js'
import type {RemovedPackage} from '../package/remove/model.js'
import type {ProjectRunResult} from '../package/run-project/model.js'
import type {RunResult} from '../package/run/run-context.js'
import type {PackageLogsResult, StoppedPackage} from '../package/started/model.js'
import type {VerifiedProject, VerifyResult} from '../package/verify/verify-package.js'
import type {ChangedSync} from '../sync/change/change-syncs.js'
import type {CreateSyncResult} from '../sync/create/create-result.js'
import type {MonitorEvent} from '../sync/monitor/monitor-event.js'
import type {MonitorReport} from '../sync/monitor/monitor-selected.js'
import type {ObservedSync} from '../sync/observe-syncs.js'
import type {ResolvedSync} from '../sync/resolve/resolve-syncs.js'
import type {LinkTapResult} from '../tap-folder/link/change/link-tap.js'
import type {UnlinkedTap} from '../tap-folder/link/change/unlink-tap.js'
import type {FoundTap} from '../tap-folder/link/found-tap.js'
import type {ListedTap} from '../tap-folder/link/list-taps.js'
import type {ExecActionsResult, ListedAction} from '../tap/exec/action/exec-actions.js'
import type {InTapResult} from '../tap/exec/run-in-tap.js'
import type {TapLogsResult} from '../tap/exec/tap-logs.js'
import type {DestroyTapResult} from '../tap/life/destroy-tap.js'
import type {RestartTapResult} from '../tap/life/restart-tap.js'
import type {StopTapResult} from '../tap/life/stop-tap.js'
import type {NewTap} from '../tap/new/new-tap.js'
import type {StartResult} from '../tap/start/model.js'
import type {TapStatus} from '../tap/status/tap-status.js'
import type {TapOverview} from '../tap/status/taps-overview.js'
import type {SyncedFolder} from '../tap/sync/sync-folders.js'
import type {TapReport} from '../tap/validate/validate-tap.js'
import type {TapValues} from '../tap/values/tap-values.js'

/**
 * What each command prints with `--json`, by its id; a failed command prints `error` instead. This is the only definition:
 * the commands return it, and docs/schemas is generated from it, doc comments included. Scripts rely on it: see
 * docs/json.md.
 */
export interface Answers {
  'config:get': SetSetting
  'config:import': ImportResult
  'config:list': readonly SetSetting[]
  /** Where the user configuration is; the file may not exist yet. */
  'config:path': {
    /** The file, as an absolute path. */
    readonly path: string
  }
  'config:set': ChangedSetting
  'config:unset': ChangedSetting
  'docker:package': PackageResult | ProjectResult
  'docker:package:inspect': InspectResult | InspectedProject
  'docker:package:list': readonly ListedPackage[]
  'docker:package:logs': PackageLogsResult
  'docker:package:prune': readonly RemovedPackage[]
  'docker:package:push': PushedPackage
  'docker:package:remove': readonly RemovedPackage[]
  'docker:package:run': RunResult | ProjectRunResult
  'docker:package:stop': readonly StoppedPackage[]
  'docker:package:verify': VerifyResult | VerifiedProject
  doctor: DoctorReport
  error: ErrorAnswer
  'sync:create': CreateSyncResult
  'sync:flush': readonly ChangedSync[]
  'sync:list': readonly ObservedSync[]
  /** One line each: the events as they happen, then a report of what was monitored. */
  'sync:monitor': MonitorEvent | MonitorReport
  'sync:pause': readonly ChangedSync[]
  'sync:reset': readonly ChangedSync[]
  'sync:resolve': readonly ResolvedSync[]
  'sync:resume': readonly ChangedSync[]
  'sync:status': readonly ObservedSync[]
  'sync:terminate': readonly ChangedSync[]
  'tap:destroy': DestroyTapResult
  'tap:env': TapValues
  /** For actions, for a command after `--`, or with `--list`. */
  'tap:exec': ExecActionsResult | InTapResult | readonly ListedAction[]
  'tap:link': LinkTapResult
  'tap:list': readonly ListedTap[]
  'tap:logs': TapLogsResult
  'tap:new': NewTap
  'tap:package': PackageResult | ProjectResult
  'tap:package:run': RunResult
  'tap:path': FoundTap
  'tap:restart': RestartTapResult
  'tap:shell': InTapResult
  'tap:start': StartResult
  /** For one tap, or for all with `--all`. */
  'tap:status': TapStatus | readonly TapOverview[]
  'tap:stop': StopTapResult
  'tap:sync': readonly SyncedFolder[]
  'tap:unlink': UnlinkedTap
  'tap:validate': TapReport
}
