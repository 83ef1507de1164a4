/** What an operator says in the tests. */
import type { InjectionSettings } from '../injection/settings.ts'

export const settings: InjectionSettings = {
  controlPlane: { host: 'postern-xds.postern.svc', port: 15010, serverName: 'control-plane.postern.local' },
  ca: '-----BEGIN CERTIFICATE-----\nTHE_CA\n-----END CERTIFICATE-----\n',
  proxyImage: 'envoyproxy/envoy:distroless-v1.40.0',
  initImage: 'registry.example/postern-init:0.1.0',
  kubernetesMinor: 37,
  excludedNamespaces: ['kube-system', 'postern'],
  allowNetAdmin: false,
  resources: { cpuRequest: '20m', memoryRequest: '128Mi', memoryLimit: '384Mi' },
}
