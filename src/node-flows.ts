/** The flow log of a node, wired to the kernel, the store and whoever explains. */
import type { Logger } from 'pino'
import type { Felix } from '../felix/felix.ts'
import { NflogListener } from '../felix/nflog/nflog-listener.ts'
import type { Config } from './config.ts'
import type { Datastore } from './datastore/datastore.ts'
import { FlowLog } from './flows/flow-log.ts'
import { type Explainer, judge } from './flows/policy-judge.ts'
import type { StatusProblem } from './http/agent-face.ts'
import type { ProgrammedRevision } from './programmed-revision.ts'

export type NodeFlowsDependencies = {
  readonly felix: Pick<Felix, 'linkName'>
  readonly store: Pick<Datastore, 'revision'>
  readonly programmed: Pick<ProgrammedRevision, 'revision'>
  readonly policy: Explainer
  readonly log: Logger
}

export function createFlowLog({ group, flows }: Config['felix']['flowLog'], dependencies: NodeFlowsDependencies): FlowLog {
  const { felix, store, programmed, policy, log } = dependencies
  return new FlowLog(
    { group, flows },
    {
      open: (wanted) => NflogListener.open(wanted),
      judge: (sighting) => judge(policy, sighting),
      interfaceName: (index) => felix.linkName(index),
      revisions: () => ({ stored: store.revision, programmed: programmed.revision }),
      nowMs: () => performance.now(),
      wallMs: () => Date.now(),
      log,
    },
  )
}

export function flowProblems(flowLog: FlowLog | undefined): readonly StatusProblem[] {
  const message = flowLog?.problem
  return message === undefined ? [] : [{ severity: 'warning', subject: 'flows', message: `flows are not logged: ${message}` }]
}
