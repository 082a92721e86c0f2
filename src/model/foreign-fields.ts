/** Fields that other kinds of policy call otherwise, each with what to write here: who mixes the two up is told so. */

const ofKubernetes = (here: string) => `is a field of Kubernetes policies: here it is ${here}`
const ofCalico = (here: string) => `is a field of Calico policies: here it is ${here}`

/** In the spec of a policy of projectcalico.org. */
export const kubernetesPolicyFieldsHere = {
  podSelector: ofKubernetes('selector, as in app == "web"'),
  policyTypes: ofKubernetes('types'),
  subject: 'is a field of ClusterNetworkPolicy: here it is selector and namespaceSelector',
  priority: 'is a field of ClusterNetworkPolicy: here it is order',
}

/** In a rule of a policy of projectcalico.org. */
export const kubernetesRuleFieldsHere = {
  from: ofKubernetes('source'),
  to: ofKubernetes('destination'),
  ports: 'belongs below source or destination; the port of a server is a destination port',
  port: 'is destination.ports here, a list',
  protocols: 'is protocol here, one for each rule',
}

/** In the source or destination of such a rule. */
export const kubernetesPeerFieldsHere = {
  podSelector: ofKubernetes('selector, as in app == "web"'),
  ipBlock: ofKubernetes('nets and notNets'),
  cidr: ofKubernetes('nets'),
  except: ofKubernetes('notNets'),
  networks: 'is a field of ClusterNetworkPolicy: here it is nets',
  port: 'is ports here, a list',
}

/** In the spec of a policy of networking.k8s.io. */
export const calicoPolicyFieldsHere = {
  selector: ofCalico('podSelector, as in { matchLabels: { app: web } }'),
  types: ofCalico('policyTypes'),
  tier: 'is a field of Calico policies: Kubernetes policies are all in the tier default',
  order: 'is a field of Calico policies: Kubernetes policies have none, all of them add up',
  namespaceSelector: 'stands in a peer: a Kubernetes policy selects pods of its own namespace only',
}

const onlyAllows = 'is a field of Calico policies: a rule of a Kubernetes policy only allows'

/** In a rule of a policy of networking.k8s.io. */
export const calicoRuleFieldsHere = {
  action: onlyAllows,
  source: ofCalico('from, a list of peers, in ingress rules'),
  destination: ofCalico('to, a list of peers, in egress rules, and ports'),
  protocol: 'belongs into an item of ports',
  notProtocol: onlyAllows,
}

/** In a peer of such a rule. */
export const calicoPeerFieldsHere = {
  selector: ofCalico('podSelector, as in { matchLabels: { app: web } }'),
  nets: ofCalico('ipBlock, as in { cidr: 10.0.0.0/8 }'),
  notNets: ofCalico('ipBlock.except'),
  cidr: 'belongs below ipBlock',
  except: 'belongs below ipBlock',
  matchLabels: 'belongs below podSelector or namespaceSelector',
}

/** What some call the actions of Calico's rules. */
export const actionsOfOthers = { accept: 'Allow', permit: 'Allow', drop: 'Deny', block: 'Deny', next: 'Pass', 'next-tier': 'Pass' }
/** What some call the actions of ClusterNetworkPolicy. */
export const clusterActionsOfOthers = { allow: 'Accept', permit: 'Accept', drop: 'Deny', block: 'Deny', reject: 'Deny' }
