import {expect} from 'chai'
import {toolOf, TOOL_LABELS} from '../../../src/lib/label/tool-labels.js'

/** Labels as these tools really write them. */
const written: readonly [name: string, value: string][] = [
  ['com.docker.compose.project', 'shop'],
  ['com.docker.compose.project.working_dir', '/home/ada/shop'],
  ['com.docker.compose.oneoff', 'False'],
  ['com.docker.stack.namespace', 'shop'],
  ['com.docker.swarm.service.id', 'x'],
  ['com.docker.desktop.extension', 'true'],
  ['com.docker.desktop.extension.api.version', '0.3.0'],
  ['com.docker.extension.screenshots', ''],
  ['desktop.docker.io/binds/0/Source', '/Users/ada'],
  ['desktop.docker.io/ports.scheme', 'v2'],
  ['dev.orbstack.domains', 'shop.local'],
  ['devcontainer.local_folder', '/home/ada/shop'],
  ['devcontainer.config_file', '/home/ada/shop/.devcontainer/devcontainer.json'],
  ['devcontainer.metadata', '[]'],
  ['vsch.local.folder', 'c:\\Users\\ada\\shop'],
  ['vsch.quality', 'stable'],
  ['com.microsoft.developer.usvc-dev.persistent', 'true'],
  ['dev.containers.id', 'shop'],
  ['com.microsoft.created-by', 'visual-studio-code'],
  ['com.microsoft.visual-studio.project-name', 'Shop'],
  ['org.testcontainers', 'true'],
  ['org.testcontainers.session-id', 'x'],
  ['io.kubernetes.pod.name', 'shop'],
  ['io.kubernetes.container.logpath', '/var/log/pods/x'],
  ['annotation.io.kubernetes.container.hash', 'd31f99e0'],
  ['io.cri-containerd.kind', 'container'],
  ['io.cri-containerd', 'x'],
  ['io.podman.compose.project', 'shop'],
  ['io.containers.autoupdate', 'registry'],
  ['PODMAN_SYSTEMD_UNIT', 'shop.service'],
  ['nerdctl/namespace', 'default'],
  ['containerd.io/gc.root', 'x'],
  ['traefik.enable', 'true'],
  ['traefik.http.routers.shop.rule', 'Host(`shop`)'],
  ['caddy', 'shop.example.com'],
  ['caddy.reverse_proxy', '{{upstreams 80}}'],
  ['caddy_1.tls', 'internal'],
  ['com.github.nginx-proxy.nginx', 'true'],
  ['com.github.jrcs.letsencrypt_nginx_proxy_companion.nginx_proxy', 'true'],
  ['swag_url', 'photos.*'],
  ['com.centurylinklabs.watchtower', 'true'],
  ['com.centurylinklabs.watchtower.enable', 'true'],
  ['com.ouroboros.enable', 'true'],
  ['diun.enable', 'true'],
  ['wud.watch', 'true'],
  ['autoheal', 'true'],
  ['autoheal.stop.timeout', '20'],
  ['deunhealth.restart.on.unhealthy', 'true'],
  ['sablier.group', 'shop'],
  ['ofelia.enabled', 'true'],
  ['ofelia.job-exec.backup.command', 'rm -rf /data'],
  ['docker-volume-backup.stop-during-backup', 'true'],
  ['dev.dozzle.name', 'shop'],
  ['homepage.group', 'Shops'],
  ['io.portainer.accesscontrol.teams', 'dev'],
  ['com.gitlab.gitlab-runner.managed', 'true'],
  ['5588e4', ''],
  ['dependabot.job', '1'],
  ['com.nirima.jenkins.plugins.docker.JenkinsId', 'x'],
  ['com.hashicorp.nomad.alloc_id', 'x'],
  ['com.amazonaws.ecs.task-arn', 'arn:aws:ecs:x'],
  ['io.rancher.container.uuid', 'x'],
  ['io.balena.supervised', 'true'],
  ['coolify.managed', 'true'],
  ['com.dokku.app-name', 'shop'],
  ['skaffold.dev/run-id', 'x'],
  ['dev.tilt.gc', 'true'],
  ['com.ddev.site-name', 'shop'],
  ['io.lando.container', 'TRUE'],
  ['io.x-k8s.kind.cluster', 'kind'],
  ['created_by.minikube.sigs.k8s.io', 'true'],
  ['k3d.cluster', 'dev'],
  ['app', 'k3d'],
  ['owner', 'molecule'],
  ['com.datadoghq.ad.check_names', '["shop"]'],
  ['co.elastic.logs/enabled', 'true'],
]

/** Labels of applications, and those that only describe an image. */
const own: readonly [name: string, value: string][] = [
  ['maintainer', 'Ada'],
  ['org.opencontainers.image.title', 'Shop'],
  ['org.label-schema.name', 'Shop'],
  ['com.acme.team', 'checkout'],
  ['com.dockerish.x', 'yes'],
  ['com.docker.dhi.name', 'dhi/node'],
  ['com.docker', 'no'],
  ['io.buildah.version', '1.33.8'],
  ['io.k8s.display-name', 'Shop'],
  ['io.openshift.tags', 'shop'],
  ['com.redhat.component', 'ubi9-container'],
  ['traefik', 'a word'],
  ['traefiks.enable', 'true'],
  ['x.traefik.enable', 'true'],
  ['caddyshack', 'a film'],
  ['homepage', 'https://shop.example.com'],
  ['annotation', 'x'],
  ['devcontainers', 'x'],
  ['5588e4', 'a value'],
  ['5588e4a', ''],
  ['app', 'shop'],
  ['owner', 'ada'],
  ['owner', 'molecules'],
  ['autohealing', 'true'],
  ['', ''],
]

describe('labels of tools', () => {
  it('are those by which tools find their containers', () => {
    expect(written.filter(([name, value]) => toolOf(name, value) === undefined)).to.deep.equal([])
  })

  it("are not the application's own, nor facts about an image", () => {
    expect(own.filter(([name, value]) => toolOf(name, value) !== undefined)).to.deep.equal([])
  })

  it('each have a source, and each tool is listed once', () => {
    for (const {labels, source, tool} of TOOL_LABELS) {
      expect(source, tool).to.match(/^https:\/\/[\w.-]+\/\S*$/)
      expect(labels, tool).not.to.deep.equal([])
    }
    expect(new Set(TOOL_LABELS.map(({tool}) => tool)).size).to.equal(TOOL_LABELS.length)
  })
})
