/** Policies of the labs, in the YAML users bring. */

/** Pods labelled app=web take TCP 8080 from role=client only; everything else to them is refused. */
export const webPolicy = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web
  namespace: default
spec:
  podSelector:
    matchLabels: { app: web }
  policyTypes: [Ingress]
  ingress:
    - from:
        - podSelector:
            matchLabels: { role: client }
      ports:
        - { protocol: TCP, port: 8080 }
`

/** Pods labelled app=dns take UDP 8080 and pings from pod networks, TCP from nobody; other pods are left alone. */
export const dnsPolicy = `apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata:
  name: dns
spec:
  order: 10
  selector: app == 'dns'
  types: [Ingress]
  ingress:
    - action: Deny
      protocol: TCP
    - action: Allow
      protocol: UDP
      source: { nets: [10.244.0.0/16] }
      destination: { ports: [8080] }
    - action: Allow
      protocol: ICMP
`

/** role=jailed may send nothing but pings. */
export const jailPolicy = `apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata:
  name: jail
  namespace: default
spec:
  selector: role == 'jailed'
  types: [Egress]
  egress:
    - action: Allow
      protocol: ICMP
    - action: Deny
`

/** Pods labelled app=web take TCP 8080 from role=client only, by a rule that stands behind another. */
export const twoRulePolicy = `apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: { name: web }
spec:
  selector: app == 'web'
  ingress:
    - { action: Deny, protocol: TCP, destination: { ports: [9] } }
    - { action: Allow, protocol: TCP, source: { selector: role == 'client' }, destination: { ports: [8080] } }
`
