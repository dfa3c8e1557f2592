/** Labels by which a tool finds, adopts, updates or removes its containers. */
export interface ToolLabels {
  readonly tool: string
  /** Names of labels, with `*` for any text; `name=value` if others use the name, too. */
  readonly labels: readonly string[]
  /** The tool's documentation or source for them. */
  readonly source: string
}

/**
 * The only table of these labels. In an image they would make a foreign tool act on its containers, so packages never have
 * them. Labels that only describe an image (`org.opencontainers.*`, `org.label-schema.*`, `io.k8s.*`, `io.openshift.*`,
 * `io.buildah.version`) are not a tool's, and stay.
 */
export const TOOL_LABELS: readonly ToolLabels[] = [
  // Container engines, compose and desktops.
  {
    tool: 'Docker: compose, swarm, stacks, Docker Desktop and its extensions',
    labels: ['com.docker.*', 'io.docker.*', 'org.dockerproject.*'],
    source: 'https://docs.docker.com/engine/manage-resources/labels/',
  },
  {
    tool: 'Docker Desktop',
    labels: ['desktop.docker.io/*'],
    source: 'https://github.com/docker/for-win/issues/10409',
  },
  {tool: 'OrbStack', labels: ['dev.orbstack.*'], source: 'https://docs.orbstack.dev/docker/domains'},
  {
    tool: 'podman and podman-compose',
    labels: ['io.podman.*'],
    source: 'https://github.com/containers/podman-compose/blob/main/podman_compose.py',
  },
  {
    tool: 'podman auto-update',
    labels: ['io.containers.autoupdate*', 'PODMAN_SYSTEMD_UNIT'],
    source: 'https://docs.podman.io/en/latest/markdown/podman-auto-update.1.html',
  },
  {
    tool: 'nerdctl',
    labels: ['nerdctl/*'],
    source: 'https://github.com/containerd/nerdctl/blob/main/pkg/labels/labels.go',
  },
  {
    tool: 'containerd',
    labels: ['containerd.io/*'],
    source: 'https://pkg.go.dev/github.com/containerd/containerd/labels',
  },
  // Orchestrators and platforms.
  {
    tool: 'Kubernetes',
    labels: ['io.kubernetes.*', 'annotation.*'],
    source: 'https://github.com/Mirantis/cri-dockerd/blob/master/core/labels.go',
  },
  {
    tool: 'containerd (CRI)',
    labels: ['io.cri-containerd*'],
    source: 'https://pkg.go.dev/github.com/containerd/containerd/labels',
  },
  {
    tool: 'kind',
    labels: ['io.x-k8s.kind.*'],
    source: 'https://github.com/kubernetes-sigs/kind/blob/main/pkg/cluster/internal/providers/docker/constants.go',
  },
  {tool: 'k3d', labels: ['k3d.*', 'app=k3d'], source: 'https://github.com/k3d-io/k3d/blob/main/pkg/types/types.go'},
  {
    tool: 'minikube',
    labels: ['*.minikube.sigs.k8s.io'],
    source: 'https://github.com/kubernetes/minikube/blob/master/pkg/drivers/kic/oci/types.go',
  },
  {tool: 'Rancher', labels: ['io.rancher.*'], source: 'https://github.com/rancher/agent/blob/master/utils/constants'},
  {
    tool: 'Nomad',
    labels: ['com.hashicorp.nomad.*'],
    source: 'https://developer.hashicorp.com/nomad/docs/drivers/docker#extra_labels',
  },
  {
    tool: 'Amazon ECS',
    labels: ['com.amazonaws.ecs.*'],
    source: 'https://docs.aws.amazon.com/AmazonECS/latest/developerguide/container-metadata.html',
  },
  {
    tool: 'balena',
    labels: ['io.balena.*', 'io.resin.*'],
    source: 'https://docs.balena.io/learn/develop/multicontainer/#labels',
  },
  {tool: 'Coolify', labels: ['coolify.*'], source: 'https://github.com/coollabsio/coolify'},
  {tool: 'Dokku', labels: ['com.dokku.*', 'dokku'], source: 'https://dokku.com/docs/deployment/methods/image/'},
  {
    tool: 'CapRover',
    labels: ['caprover.*', 'captain.*'],
    source: 'https://caprover.com/docs/service-update-override.html',
  },
  // Development environments.
  {
    tool: 'Dev containers',
    labels: ['devcontainer.*'],
    source: 'https://github.com/devcontainers/cli/blob/main/src/spec-node/singleContainer.ts',
  },
  {
    tool: 'Visual Studio Code',
    labels: ['vsch.*'],
    source: 'https://code.visualstudio.com/docs/devcontainers/tips-and-tricks',
  },
  {
    tool: 'Visual Studio',
    labels: ['com.microsoft.created-by', 'com.microsoft.visual-studio.*', 'com.microsoft.visualstudio.*'],
    source: 'https://learn.microsoft.com/en-us/visualstudio/containers/container-msbuild-properties',
  },
  {
    tool: '.NET Aspire',
    labels: ['com.microsoft.developer.usvc-dev.*'],
    source: 'https://github.com/microsoft/dcp/blob/main/controllers/container_controller.go',
  },
  {
    tool: 'DevPod',
    labels: ['dev.containers.*'],
    source: 'https://github.com/loft-sh/devpod/blob/main/pkg/devcontainer/config/config.go',
  },
  {tool: 'Coder', labels: ['coder.*'], source: 'https://github.com/coder/coder/tree/main/examples/templates/docker'},
  {tool: 'Mutagen', labels: ['io.mutagen.*'], source: 'https://github.com/mutagen-io/mutagen-compose'},
  {tool: 'DDEV', labels: ['com.ddev.*'], source: 'https://docs.ddev.com/en/stable/users/extend/custom-compose-files/'},
  {tool: 'Lando', labels: ['io.lando.*'], source: 'https://github.com/lando/core'},
  {
    tool: 'Skaffold',
    labels: ['skaffold.dev/*'],
    source: 'https://skaffold.dev/docs/tutorials/skaffold-resource-selector/',
  },
  {tool: 'Tilt', labels: ['dev.tilt.*'], source: 'https://github.com/tilt-dev/ctlptl'},
  {tool: 'Supabase', labels: ['com.supabase.cli.*'], source: 'https://github.com/supabase/cli'},
  // Tests and continuous integration.
  {
    tool: 'Testcontainers',
    labels: ['org.testcontainers', 'org.testcontainers.*'],
    source: 'https://java.testcontainers.org/features/configuration/',
  },
  {
    tool: 'GitLab Runner',
    labels: ['com.gitlab.gitlab-runner.*'],
    source: 'https://docs.gitlab.com/runner/executors/docker/',
  },
  {
    tool: 'GitHub Actions runner and Azure Pipelines agent',
    // The first six digits of a hash of the runner's folder.
    labels: ['[hex6]='],
    source: 'https://github.com/actions/runner/blob/main/src/Runner.Worker/Container/DockerCommandManager.cs',
  },
  {
    // Its action prunes stopped containers by age alone (src/cleanup.ts): the names are reserved for it.
    tool: 'Dependabot',
    labels: ['com.github.dependabot.*', 'dependabot.*'],
    source: 'https://github.com/github/dependabot-action',
  },
  {
    tool: 'Jenkins',
    labels: ['com.nirima.jenkins.plugins.docker.*'],
    source:
      'https://github.com/jenkinsci/docker-plugin/blob/master/src/main/java/com/nirima/jenkins/plugins/docker/DockerContainerLabelKeys.java',
  },
  {tool: 'Drone', labels: ['io.drone.*'], source: 'https://github.com/drone-runners/drone-runner-docker'},
  {
    tool: 'Buildkite',
    labels: ['com.buildkite.*'],
    source: 'https://github.com/buildkite-plugins/docker-buildkite-plugin',
  },
  {
    tool: 'Molecule',
    labels: ['owner=molecule'],
    source: 'https://github.com/ansible-community/molecule-plugins',
  },
  // Proxies.
  {tool: 'Traefik', labels: ['traefik.*'], source: 'https://doc.traefik.io/traefik/routing/providers/docker/'},
  {
    tool: 'caddy-docker-proxy',
    labels: ['caddy', 'caddy.*', 'caddy_*'],
    source: 'https://github.com/lucaslorentz/caddy-docker-proxy',
  },
  {
    tool: 'nginx-proxy and its companions',
    labels: ['com.github.nginx-proxy.*', 'com.github.jrcs.letsencrypt_nginx_proxy_companion.*'],
    source: 'https://github.com/nginx-proxy/nginx-proxy/tree/main/docs',
  },
  {
    tool: 'SWAG',
    labels: ['swag', 'swag_*'],
    source: 'https://github.com/linuxserver/docker-mods/tree/swag-auto-proxy',
  },
  {tool: 'TSDProxy', labels: ['tsdproxy.*'], source: 'https://almeidapaulopt.github.io/tsdproxy/'},
  // Updates, restarts, scheduling and backups.
  {
    tool: 'Watchtower',
    labels: ['com.centurylinklabs.watchtower', 'com.centurylinklabs.watchtower.*'],
    source: 'https://containrrr.dev/watchtower/container-selection/',
  },
  {tool: 'Ouroboros', labels: ['com.ouroboros.*'], source: 'https://github.com/pyouroboros/ouroboros/wiki/Usage'},
  {tool: 'Diun', labels: ['diun.*'], source: 'https://crazymax.dev/diun/providers/docker/'},
  {tool: "What's up Docker", labels: ['wud.*'], source: 'https://getwud.github.io/wud/#/configuration/watchers/'},
  {
    tool: 'autoheal',
    labels: ['autoheal', 'autoheal.*'],
    source: 'https://github.com/willfarrell/docker-autoheal',
  },
  {tool: 'deunhealth', labels: ['deunhealth.*'], source: 'https://github.com/qdm12/deunhealth'},
  {tool: 'Sablier', labels: ['sablier.*'], source: 'https://sablierapp.dev/'},
  {tool: 'Lazytainer', labels: ['lazytainer.*'], source: 'https://github.com/vmorganp/Lazytainer'},
  {tool: 'Ofelia', labels: ['ofelia', 'ofelia.*'], source: 'https://github.com/mcuadros/ofelia'},
  {
    tool: 'docker-volume-backup',
    labels: ['docker-volume-backup.*'],
    source: 'https://offen.github.io/docker-volume-backup/how-tos/stop-containers-during-backup.html',
  },
  // Dashboards and monitoring.
  {tool: 'Portainer', labels: ['io.portainer.*'], source: 'https://docs.portainer.io/advanced/access-control'},
  {tool: 'Dozzle', labels: ['dev.dozzle.*'], source: 'https://dozzle.dev/guide/container-names'},
  {
    tool: 'Homepage',
    labels: ['homepage.*'],
    source: 'https://gethomepage.dev/configs/docker/#automatic-service-discovery',
  },
  {
    tool: 'Glance',
    labels: ['glance.*'],
    source: 'https://github.com/glanceapp/glance/blob/main/docs/configuration.md#docker-containers',
  },
  {
    tool: 'Datadog',
    labels: ['com.datadoghq.*'],
    source: 'https://docs.datadoghq.com/containers/docker/integrations/',
  },
  {
    tool: 'Elastic Beats',
    labels: ['co.elastic.*'],
    source: 'https://www.elastic.co/guide/en/beats/filebeat/current/configuration-autodiscover-hints.html',
  },
]

/** Facts about an image: no tool acts on them. */
const FACTS = /^com\.docker\.(?:dhi|official-images)\./

const PATTERNS = TOOL_LABELS.flatMap(({labels, tool}) => labels.map((label) => ({tool, pattern: patternOf(label)})))

/** The tool that a label is for; undefined for an application's own. */
export function toolOf(name: string, value: string): string | undefined {
  if (FACTS.test(name)) return undefined
  return PATTERNS.find(({pattern}) => pattern.test(`${name}=${value}`))?.tool
}

/** A label of the table as a pattern for `name=value`. */
function patternOf(label: string): RegExp {
  const [name = '', value] = label.split('=', 2)
  const written = [...name.split(/(\*|\[hex6\])/)].map((part) => {
    if (part === '*') return '[^=]*'
    return part === '[hex6]' ? '[0-9a-f]{6}' : escaped(part)
  })
  return new RegExp(`^${written.join('')}=${value === undefined ? '' : `${escaped(value)}$`}`)
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
}
