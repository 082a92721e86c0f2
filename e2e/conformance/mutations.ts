/**
 * Deliberate mistakes of the compiler of policies, each by exact substitution in the built JavaScript. The scenarios must notice every
 * one of them (`run-mutations.ts`). A spot that is no longer there, or there twice, is an error: the list follows the code.
 */

/** @property file below dist/ @property area where the scenarios are that should notice first */
export type Mutation = {
  readonly name: string
  readonly file: string
  readonly find: string
  readonly replace: string
  readonly area: string
}

const rendering: readonly Mutation[] = [
  {
    name: 'Allow is terminal: the taker’s policies are not asked after the sender’s',
    file: 'policy/rule-chains.js',
    find: "return [...each(setBits(marks.accept)), { match: [hasBits(marks.accept)], action: { type: 'return' } }];",
    replace: "return each({ type: 'accept' });",
    area: 'tiers and order',
  },
  {
    name: 'Pass allows',
    file: 'policy/rule-chains.js',
    find: "return [...each(setBits(marks.pass)), { match: [hasBits(marks.pass)], action: { type: 'return' } }];",
    replace: "return [...each(setBits(marks.accept)), { match: [hasBits(marks.accept)], action: { type: 'return' } }];",
    area: 'tiers and order',
  },
  {
    name: 'Deny rules are left out',
    file: 'policy/rule-chains.js',
    find: 'return each(denied);',
    replace: 'return [];',
    area: 'rules: protocols',
  },
  {
    name: 'Reject is silent',
    file: 'policy/rule-chains.js',
    find: 'return each(rejected);',
    replace: 'return each(denied);',
    area: 'actions',
  },
  {
    name: 'Log ends the evaluation',
    file: 'policy/rule-chains.js',
    find: "return each({ type: 'log', prefix: prefixOf(rule.index) }, { type: 'limit', ...log.limit });",
    replace: "return each({ type: 'return' });",
    area: 'tiers and order',
  },
  {
    name: 'the mark of the sender’s Allow is not cleared for the taker',
    file: 'policy/endpoint-chains.js',
    find: 'const both = clearBits((accept | pass) >>> 0);',
    replace: 'const both = clearBits(0);',
    area: 'tiers and order',
  },
  {
    name: 'established connections are not accepted before policy',
    file: 'policy/endpoint-chains.js',
    find: "{ match: [{ type: 'conntrack', states: ['RELATED', 'ESTABLISHED'] }], action: { type: 'accept' } },",
    replace: '',
    area: 'Kubernetes policies: subjects',
  },
  {
    name: 'the end of a tier does not drop',
    file: 'policy/endpoint-chains.js',
    find: "...(tier.defaultAction === 'Deny' ? [end] : [])",
    replace: '',
    area: 'Kubernetes policies: subjects',
  },
  {
    name: 'a tier’s defaultAction is ignored',
    file: 'policy/endpoint-chains.js',
    find: "...(tier.defaultAction === 'Deny' ? [end] : [])",
    replace: 'end',
    area: 'tiers and order',
  },
  {
    name: 'Pass in one tier skips the next as well',
    file: 'policy/endpoint-chains.js',
    find: 'both : clearBits(pass), comment:',
    replace: 'both : clearBits(0), comment:',
    area: 'tiers and order',
  },
  {
    name: 'what a policy allowed is asked of the next ones',
    file: 'policy/endpoint-chains.js',
    find: 'const undecided = lacksBits((accept | pass) >>> 0);',
    replace: 'const undecided = lacksBits(pass);',
    area: 'tiers and order',
  },
  {
    name: 'an unknown profile is skipped',
    file: 'policy/endpoint-chains.js',
    find: 'const asked = unknown === -1 ? profiles : profiles.slice(0, unknown);',
    replace: 'const asked = profiles.filter(({ known }) => known);',
    area: 'profiles',
  },
]

const matching: readonly Mutation[] = [
  {
    name: 'ipVersion is ignored',
    file: 'policy/rule-matches.js',
    find: 'if (rule.ipVersion !== undefined && rule.ipVersion !== family)',
    replace: 'if (false)',
    area: 'rules: protocols',
  },
  {
    name: 'notProtocol is ignored',
    file: 'policy/rule-matches.js',
    find: "return excluded === undefined ? [] : [{ type: 'protocol', protocol: kernelProtocol(excluded), negated: true }];",
    replace: 'return [];',
    area: 'rules: protocols',
  },
  {
    name: 'ICMP types are ignored',
    file: 'policy/rule-matches.js',
    find: '...icmpMatches(rule),',
    replace: '',
    area: 'rules: protocols',
  },
  {
    name: 'notICMP is icmp',
    file: 'policy/rule-matches.js',
    find: '...icmpMatch(notICMP ?? {}, true)',
    replace: '...icmpMatch(notICMP ?? {}, false)',
    area: 'rules: protocols',
  },
  {
    name: 'a rule whose nets are all of the other family matches anybody',
    file: 'policy/rule-matches.js',
    find: 'if (peer.nets !== undefined && nets.length === 0)',
    replace: 'if (false)',
    area: 'rules: addresses',
  },
  {
    name: 'notNets are nets',
    file: 'policy/rule-matches.js',
    find: 'netMatch(side, notNets, true,',
    replace: 'netMatch(side, notNets, false,',
    area: 'rules: addresses',
  },
  {
    name: 'notSelector is a selector',
    file: 'policy/rule-matches.js',
    find: "sets({ type: 'selector', term: peer.notSelector }, family), true)",
    replace: "sets({ type: 'selector', term: peer.notSelector }, family), false)",
    area: 'selectors',
  },
  {
    name: 'source ports are destination ports',
    file: 'policy/rule-matches.js',
    find: "portAlternatives('source', rule.source,",
    replace: "portAlternatives('destination', rule.source,",
    area: 'rules: ports',
  },
  {
    name: 'notPorts are ignored',
    file: 'policy/rule-matches.js',
    find: 'if (peer.notPorts === undefined)',
    replace: 'if (true)',
    area: 'rules: ports',
  },
  {
    name: 'ports beyond the first 15 slots are forgotten',
    file: 'policy/port-list.js',
    find: 'return chunks;',
    replace: 'return chunks.slice(0, 1);',
    area: 'rules: ports',
  },
  {
    name: 'named ports count in TCP, whatever their protocol',
    file: 'policy/sets/set-item.js',
    find: 'protocol.toLowerCase()',
    replace: "'tcp'",
    area: 'rules: ports',
  },
  {
    name: 'a service is reached at any port',
    file: 'policy/rule-matches.js',
    find: "const withPorts = side === 'destination';",
    replace: 'const withPorts = false;',
    area: 'rules: services',
  },
  {
    name: 'a service of another namespace is that of the policy’s own',
    file: 'policy/draft-rule.js',
    find: 'services.namespace ?? namespace',
    replace: 'namespace',
    area: 'rules: services',
  },
  {
    name: 'ports of services count in TCP, whatever their protocol',
    file: 'policy/sets/service-slices.js',
    find: 'protocol: protocolNumber(protocol) ?? 0',
    replace: 'protocol: 6',
    area: 'rules: services',
  },
  {
    name: 'what a slice had before stays in its service',
    file: 'policy/sets/ip-set-store.js',
    find: 'this.#countSlice(old, -1);',
    replace: '{}',
    area: 'rules: services',
  },
]

const selecting: readonly Mutation[] = [
  {
    name: 'network sets are in no IP set',
    file: 'policy/sets/set-item.js',
    find: 'return netSetItem(resource.spec);',
    replace: 'return undefined;',
    area: 'network sets',
  },
  {
    name: 'a namespaced policy’s selectors mean every namespace',
    file: 'policy/effective-selector.js',
    find: "if (namespace !== '' && restricted && !isSet(namespaceSelector))",
    replace: 'if (false)',
    area: 'namespaces and service accounts',
  },
  {
    name: 'namespaceSelector global() is all()',
    file: 'policy/effective-selector.js',
    find: "return { type: 'not', operand: namespaced };",
    replace: 'return namespaced;',
    area: 'namespaces and service accounts',
  },
  {
    name: 'serviceAccountSelector of a policy is ignored',
    file: 'policy/effective-selector.js',
    find: 'if (isSet(spec.serviceAccountSelector))',
    replace: 'if (false)',
    area: 'namespaces and service accounts',
  },
  {
    name: 'an inherited label wins over the endpoint’s own',
    file: 'policy/inherited-labels.js',
    find: 'for (const [label, value] of ownLabels(resource))\n            labels.set(label, value);',
    replace: 'for (const [label, value] of ownLabels(resource))\n            labels.set(label, labels.get(label) ?? value);',
    area: 'selectors',
  },
  {
    name: 'policies in the reverse of their order',
    file: 'policy/policy.js',
    find: 'return a.order < b.order ? -1 : 1;',
    replace: 'return a.order < b.order ? 1 : -1;',
    area: 'tiers and order',
  },
  {
    name: 'policies of equal order in the reverse of their names',
    file: 'policy/policy.js',
    find: 'return compareText(a.name, b.name) ||',
    replace: 'return compareText(b.name, a.name) ||',
    area: 'tiers and order',
  },
  {
    name: 'tiers in the reverse of their order',
    file: 'policy/tiers.js',
    find: 'return a.order < b.order ? -1 : 1;',
    replace: 'return a.order < b.order ? 1 : -1;',
    area: 'tiers and order',
  },
  {
    name: 'staged policies are enforced',
    file: 'policy/read-policy.js',
    find: 'return { ...policy, staged: true,',
    replace: 'return { ...policy, staged: false,',
    area: 'staged policies',
  },
  {
    name: 'types are not derived: always Ingress',
    file: 'src/model/policy-rule.js',
    find: 'types: types.length > 0 ? types : derived',
    replace: "types: types.length > 0 ? types : ['Ingress']",
    area: 'tiers and order',
  },
]

const kinds: readonly Mutation[] = [
  {
    name: 'endPort is ignored',
    file: 'policy/k8s-network-policy.js',
    find: 'to: endPort ?? port',
    replace: 'to: port',
    area: 'Kubernetes policies: peers and ports',
  },
  {
    name: 'ipBlock.except is ignored',
    file: 'policy/k8s-network-policy.js',
    find: '...(except.length > 0 && { notNets: except })',
    replace: '',
    area: 'Kubernetes policies: peers and ports',
  },
  {
    name: 'an Admin ClusterNetworkPolicy stands in the Baseline tier',
    file: 'policy/cluster-network-policy.js',
    find: "Admin: 'kube-admin'",
    replace: "Admin: 'kube-baseline'",
    area: 'cluster policies',
  },
  {
    name: 'host policies with applyOnForward are asked of local traffic only',
    file: 'policy/host/host-places.js',
    find: "return applyOnForward === true ? ['forward', 'normal'] : ['normal'];",
    replace: "return ['normal'];",
    area: 'host endpoints: stages',
  },
  {
    name: 'what untracked policy allows is tracked',
    file: 'policy/host/host-base.js',
    find: "return { match: [hasBits(accept)], action: { type: 'no-track' } };",
    replace: "return { match: [hasBits(accept)], action: { type: 'return' } };",
    area: 'host endpoints: stages',
  },
  {
    name: 'workloads may make tunnels',
    file: 'policy/workload-tunnels.js',
    find: '...(allowed.ipip ? [] : [ipip])',
    replace: '',
    area: 'workloads and their node',
  },
  {
    name: 'IPv6 is not policed',
    file: 'policy/graph.js',
    find: 'const families = ipv6 ? [4, 6] : [4];',
    replace: 'const families = [4];',
    area: 'Kubernetes policies: subjects',
  },
]

export const mutations: readonly Mutation[] = [...rendering, ...matching, ...selecting, ...kinds]
