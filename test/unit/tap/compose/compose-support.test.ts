import {expect} from 'chai'
import {COMPOSE_SUPPORT, describeUnsupported} from '../../../../src/lib/tap/compose/compose-support.js'

/** The keys of the specification (compose-go of Docker Compose 2.40, schema/compose-spec.json), by section. */
const SPECIFICATION: Readonly<Record<string, string>> = {
  'The whole file': 'version name include services models networks volumes secrets configs',
  'A service': `develop deploy annotations attach build blkio_config cap_add cap_drop cgroup cgroup_parent command configs
    container_name cpu_count cpu_percent cpu_shares cpu_quota cpu_period cpu_rt_period cpu_rt_runtime cpus cpuset credential_spec
    depends_on device_cgroup_rules devices dns dns_opt dns_search domainname entrypoint env_file label_file environment expose extends
    provider external_links extra_hosts gpus group_add healthcheck hostname image init ipc isolation labels links logging mac_address
    mem_limit mem_reservation mem_swappiness memswap_limit network_mode models networks oom_kill_disable oom_score_adj pid pids_limit
    platform ports post_start pre_stop privileged profiles pull_policy pull_refresh_after read_only restart runtime scale security_opt
    shm_size secrets sysctls stdin_open stop_grace_period stop_signal storage_opt tmpfs tty ulimits use_api_socket user uts userns_mode
    volumes volumes_from working_dir`,
  build: `context dockerfile dockerfile_inline entitlements args ssh labels cache_from cache_to no_cache additional_contexts network
    provenance sbom pull target shm_size extra_hosts isolation privileged secrets tags ulimits platforms`,
  depends_on: 'restart required condition',
  deploy: 'mode endpoint_mode replicas labels rollback_config update_config resources restart_policy placement',
  'networks of a service':
    'aliases interface_name ipv4_address ipv6_address link_local_ips mac_address driver_opts priority gw_priority',
}

describe('support of each compose key', () => {
  for (const {rows, title} of COMPOSE_SUPPORT)
    it(`covers the whole specification: ${title}`, () => {
      const keys = rows.flatMap((row) => row.keys)
      expect(keys).to.have.members((SPECIFICATION[title] ?? '').trim().split(/\s+/))
      expect(new Set(keys)).to.have.property('size', keys.length)
    })

  const warnings = (shop: object, other: object = {}): string[] =>
    describeUnsupported({services: {shop: {...shop}, other: {...other}}}, 'shop')

  it('warns once about each key without effect, with its service', () => {
    expect(warnings({develop: {watch: []}, post_start: [{command: ['x']}]}, {pre_stop: [{}]})).to.deep.equal([
      'develop of the service shop: keg does not run the watch of compose: its own sync copies edits to the app.',
      'post_start of the service shop: Compose runs it when keg tap start starts the container. keg tap restart does not.',
      'pre_stop of the service other: Only docker compose runs it: keg tap stop, restart and destroy do not.',
    ])
    expect(warnings({scale: 2, deploy: {replicas: 3, mode: 'global'}}, {scale: 2})).to.have.length(3)
  })

  it('does not warn about keys that compose adds itself, extensions, and supported keys', () => {
    const shop = {
      command: null,
      scale: 1,
      deploy: {replicas: 1, placement: {}, resources: {}},
      'x-mine': {a: 1},
      networks: {default: null, back: {aliases: ['a']}},
      depends_on: {other: {condition: 'service_healthy', required: false}},
    }
    expect(warnings(shop, {network_mode: 'host'})).to.deep.equal([])
    expect(warnings({network_mode: 'host'})).to.have.length(1)
  })

  it('warns about keys that keg does not know, but compose might', () => {
    expect(warnings({brand_new: 1, networks: {a: {newer: 1}, b: {newer: 2}}})).to.deep.equal([
      'brand_new of the service shop is unknown to keg, and passed to compose unchanged.',
      'networks.newer of the service shop is unknown to keg, and passed to compose unchanged.',
    ])
  })
})
