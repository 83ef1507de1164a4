/** WAF and DLP sensors, the predefined ones included, and which groups have which. */
import { z } from 'zod'
import { parseInspection } from '../../policy/parse-inspection.ts'
import { parseDlpSensor, parseWafSensor } from '../../policy/parse-sensor.ts'
import type { DlpSensor, Inspection, WafSensor } from '../../policy/sensor.ts'
import { judged } from './documents.ts'
import { listOf, nameText, page, route } from './route.ts'
import { dlpSensorDocument, inspectionDocument, type WrittenInspection, wafSensorDocument } from './sensor-documents.ts'

const named = z.strictObject({ name: nameText })
const listing = z.strictObject({ ...page(1_000, 10_000) })
const deleted = z.object({ name: z.string() })
const about = {
  /** There from the start and read-only: people copy it. */
  predefined: z.boolean(),
  /** Groups that have it, by name. */
  groups: listOf(z.string()),
}
const listedWaf = z.object({ ...about, sensor: wafSensorDocument })
const listedDlp = z.object({ ...about, sensor: dlpSensorDocument })

const waf = ['wafSensors'] as const
const dlp = ['dlpSensors'] as const
const inspections = ['inspections'] as const

/** Exact data comes as hashes, by the hundred thousand: a sensor may be long. */
const bulk = true

const sensorRoutes = {
  listWafSensors: route({
    method: 'GET',
    path: '/waf-sensors',
    summary: 'WAF sensors by name, the predefined ones first',
    query: listing,
    answer: z.object({ revision: z.number(), total: z.number(), sensors: listOf(listedWaf) }),
    documents: waf,
  }),
  readWafSensor: route({
    method: 'GET',
    path: '/waf-sensors/:name',
    summary: 'One WAF sensor',
    params: named,
    answer: listedWaf,
    documents: waf,
  }),
  putWafSensor: route({
    method: 'PUT',
    path: '/waf-sensors/:name',
    summary: 'A WAF sensor, whole; its patterns must compile',
    params: named,
    body: z.strictObject({ sensor: judged<z.input<typeof wafSensorDocument>, WafSensor>(parseWafSensor, 'sensor') }),
    answer: z.object({ sensor: wafSensorDocument }),
    documents: waf,
    writes: true,
    bulk,
  }),
  deleteWafSensor: route({
    method: 'DELETE',
    path: '/waf-sensors/:name',
    summary: 'Without the WAF sensor (refused while a group has it)',
    params: named,
    answer: deleted,
    documents: waf,
    writes: true,
  }),
  listDlpSensors: route({
    method: 'GET',
    path: '/dlp-sensors',
    summary: 'DLP sensors by name, the predefined ones first',
    query: listing,
    answer: z.object({ revision: z.number(), total: z.number(), sensors: listOf(listedDlp) }),
    documents: dlp,
  }),
  readDlpSensor: route({
    method: 'GET',
    path: '/dlp-sensors/:name',
    summary: 'One DLP sensor',
    params: named,
    answer: listedDlp,
    documents: dlp,
  }),
  putDlpSensor: route({
    method: 'PUT',
    path: '/dlp-sensors/:name',
    summary: 'A DLP sensor, whole; its patterns must compile',
    params: named,
    body: z.strictObject({ sensor: judged<z.input<typeof dlpSensorDocument>, DlpSensor>(parseDlpSensor, 'sensor') }),
    answer: z.object({ sensor: dlpSensorDocument }),
    documents: dlp,
    writes: true,
    bulk,
  }),
  deleteDlpSensor: route({
    method: 'DELETE',
    path: '/dlp-sensors/:name',
    summary: 'Without the DLP sensor (refused while a group has it)',
    params: named,
    answer: deleted,
    documents: dlp,
    writes: true,
  }),
}

const inspectionRoutes = {
  listInspections: route({
    method: 'GET',
    path: '/inspections',
    summary: 'Groups that have sensors, by name',
    query: listing,
    answer: z.object({ revision: z.number(), total: z.number(), inspections: listOf(inspectionDocument) }),
    documents: inspections,
  }),
  putInspection: route({
    method: 'PUT',
    path: '/groups/:name/inspection',
    summary: 'The sensors of a group of workloads, all of them',
    params: named,
    body: z.strictObject({ inspection: judged<WrittenInspection, Inspection>(parseInspection, 'inspection') }),
    answer: z.object({ inspection: inspectionDocument }),
    documents: inspections,
    writes: true,
  }),
  deleteInspection: route({
    method: 'DELETE',
    path: '/groups/:name/inspection',
    summary: 'The group without sensors',
    params: named,
    answer: z.object({ group: z.string() }),
    documents: inspections,
    writes: true,
  }),
}

export const sensorAndInspectionRoutes = { ...sensorRoutes, ...inspectionRoutes }
