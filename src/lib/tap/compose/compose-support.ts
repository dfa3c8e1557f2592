import {printable} from '../../terminal/text.js'
import {isRecord, type ComposeModel} from '../../compose/compose-model.js'

/** Some keys of a compose file, and what `keg tap start` does with them. */
export interface KeySupport {
  readonly keys: readonly string[]
  /** What to know about them; empty if they mean the same as in compose. */
  readonly note: string
  /** The warning of a start for a key with this value; undefined if there is nothing to say. */
  readonly warning?: (value: unknown, place: KeyPlace) => string | undefined
}

/** Where a key is. */
export interface KeyPlace {
  /** Whether it is in the app's service. */
  readonly isApp: boolean
}

/** Keys of one part of a compose file. */
export interface SupportGroup {
  readonly title: string
  /** Their path below a service, such as `deploy`; undefined for top-level keys. */
  readonly path: readonly string[] | undefined
  readonly rows: readonly KeySupport[]
}

/** Keys that mean the same as in compose. */
function plain(keys: string, note = ''): KeySupport {
  return {keys: keys.split(/\s+/), note}
}

/** Keys that have no effect in keg; a start says so. */
function unsupported(keys: string, note: string): KeySupport {
  return {keys: keys.split(/\s+/), note, warning: (value) => (isEmpty(value) ? undefined : note)}
}

const FOR_SWARM = 'It is for Swarm: docker compose ignores it too.'

/**
 * Every key of the compose specification (compose-go, schema/compose-spec.json), by path. Any other key is passed to compose
 * with a warning. docs/compose.md shows this table.
 */
export const COMPOSE_SUPPORT: readonly SupportGroup[] = [
  {
    title: 'The whole file',
    path: undefined,
    rows: [
      plain('services networks volumes configs secrets models'),
      plain('include', 'Merged, as `docker compose config` does it.'),
      plain('name', 'Each folder and branch has its own project: `<tap>-<branch>`.'),
      plain('version', 'Obsolete: compose warns of it.'),
    ],
  },
  {
    title: 'A service',
    path: [],
    rows: [
      plain('image', 'Of the app: keg runs `KEG_IMAGE_FROM`, or else this image.'),
      plain('build', 'See below.'),
      plain(
        'pull_policy pull_refresh_after',
        'Of the app: used if neither `--pull` nor `KEG_IMAGE_PULL_POLICY` is set. `build` builds it at each start; with a time, the registry is asked each time.',
      ),
      plain('platform', 'The app is built for it. A pull uses the platform of the engine.'),
      plain(
        'profiles',
        'Those of the app are turned on, as with `docker compose up NAME`; others with `COMPOSE_PROFILES`.',
      ),
      plain(
        'extends env_file label_file',
        'Merged, as `docker compose config` does it; a file with `required: false` may be missing.',
      ),
      plain('environment', 'A variable that has no value anywhere is omitted.'),
      plain('depends_on', 'See below.'),
      {
        keys: ['container_name'],
        note: 'The containers are named `<tap>-<branch>` and `<tap>-<branch>-<service>-1`, so that branches run side by side. Other services of the project can also use this name.',
      },
      {
        keys: ['scale'],
        note: 'Other services run that many times. The app runs once.',
        warning: (value, {isApp}) => (isApp && Number(value) !== 1 ? 'The app runs once.' : undefined),
      },
      plain('deploy', 'See below.'),
      plain(
        'ports',
        'A port that is taken on this machine is published under another number on the same addresses, with a notice.',
      ),
      plain('expose'),
      plain('networks', 'See below.'),
      {
        keys: ['network_mode'],
        note: 'Without its own network, the app publishes no ports and cannot be behind a proxy.',
        warning: (_, {isApp}) =>
          isApp ? 'The app publishes no ports, and does not join a network of keg.' : undefined,
      },
      plain('links external_links', 'Also by the `container_name` of another service.'),
      plain('volumes volumes_from tmpfs configs secrets', 'What is mounted over the synced folder is not synced.'),
      plain('command entrypoint working_dir user group_add'),
      plain('tty stdin_open', 'Always on for the app.'),
      plain('healthcheck', 'A start waits until the app is healthy.'),
      plain('labels annotations', "keg's own labels override them."),
      plain(
        'restart stop_signal stop_grace_period init',
        'If a container keeps restarting, the start fails with exit code 1.',
      ),
      plain(
        'logging',
        'If the logs of the driver cannot be read, errors have no last lines, and `keg tap logs` shows nothing.',
      ),
      plain('hostname domainname dns dns_opt dns_search extra_hosts mac_address'),
      plain(
        'cap_add cap_drop privileged security_opt read_only sysctls ulimits devices device_cgroup_rules gpus runtime',
      ),
      plain('ipc pid uts userns_mode cgroup cgroup_parent isolation credential_spec'),
      plain('cpu_count cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares cpus cpuset'),
      plain('mem_limit mem_reservation mem_swappiness memswap_limit oom_kill_disable oom_score_adj pids_limit'),
      plain('blkio_config shm_size storage_opt'),
      plain('models use_api_socket', 'If the docker client supports it.'),
      plain('attach', 'As with `docker compose up --detach`: it is about what is shown in the foreground.'),
      unsupported('develop', 'keg does not run the watch of compose: its own sync copies edits to the app.'),
      unsupported('post_start', 'Compose runs it when keg tap start starts the container. keg tap restart does not.'),
      unsupported('pre_stop', 'Only docker compose runs it: keg tap stop, restart and destroy do not.'),
      unsupported('provider', 'Compose starts it. keg tap stop and destroy do not stop it: docker compose down does.'),
    ],
  },
  {
    title: 'build',
    path: ['build'],
    rows: [
      plain('context dockerfile dockerfile_inline target additional_contexts'),
      plain('args', "The tap's values are passed too, except secrets."),
      plain('secrets ssh', 'Also the secret values that the Dockerfile mounts by their name.'),
      plain('cache_from cache_to no_cache pull network extra_hosts isolation privileged shm_size ulimits'),
      plain('labels tags entitlements'),
      plain('platforms', '`KEG_BUILD_PLATFORMS` overrides it.'),
      plain('provenance sbom', 'Off by default, so that the same build gives the same image.'),
    ],
  },
  {
    title: 'depends_on',
    path: ['depends_on', '*'],
    rows: [
      plain(
        'condition',
        'A start and a restart wait for all three: `service_started`, `service_healthy` and `service_completed_successfully`.',
      ),
      plain('required', 'If one that is not required has ended, there is only a warning.'),
      plain('restart'),
    ],
  },
  {
    title: 'deploy',
    path: ['deploy'],
    rows: [
      {
        keys: ['replicas'],
        note: 'As `scale`.',
        warning: (value, {isApp}) => (isApp && Number(value) !== 1 ? 'The app runs once.' : undefined),
      },
      plain('resources restart_policy'),
      unsupported('mode endpoint_mode placement update_config rollback_config labels', FOR_SWARM),
    ],
  },
  {
    title: 'networks of a service',
    path: ['networks', '*'],
    rows: [
      plain('aliases interface_name link_local_ips mac_address driver_opts priority gw_priority'),
      plain('ipv4_address ipv6_address', 'Two branches cannot have the same addresses at the same time.'),
    ],
  },
]

/**
 * What in a model has no effect in keg, or another one than in compose, a sentence each; and unknown keys.
 * @param app name of the app's service
 */
export function describeUnsupported({services}: ComposeModel, app: string): string[] {
  return Object.entries(services).flatMap(([name, service]) =>
    COMPOSE_SUPPORT.flatMap(({path, rows}) => {
      if (path === undefined) return []
      const known = new Map(rows.flatMap((row) => row.keys.map((key) => [key, row] as const)))
      const messages = partsAt(service, path).flatMap((part) =>
        Object.entries(part).flatMap(([key, value]) => {
          if (key.startsWith('x-') || value === null) return []
          const row = known.get(key)
          if (row === undefined)
            return [`${place(name, path, key)} is unknown to keg, and passed to compose unchanged.`]
          const warning = row.warning?.(value, {isApp: name === app})
          return warning === undefined ? [] : [`${place(name, path, key)}: ${warning}`]
        }),
      )
      return [...new Set(messages)]
    }),
  )
}

/** The mappings at a path below a service; `*` stands for each key. */
function partsAt(service: unknown, [key, ...rest]: readonly string[]): Readonly<Record<string, unknown>>[] {
  if (!isRecord(service)) return []
  if (key === undefined) return [service]
  return (key === '*' ? Object.values(service) : [service[key]]).flatMap((part) => partsAt(part, rest))
}

function place(service: string, path: readonly string[], key: string): string {
  const shown = [...path.filter((part) => part !== '*'), key].join('.')
  return `${printable(shown)} of the service ${printable(service)}`
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0
  return value === '' || (isRecord(value) && Object.keys(value).length === 0)
}
