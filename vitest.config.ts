import { defineConfig } from 'vitest/config'

/** Suites that own machine-wide things (namespaces, ports, Envoys) and so run one file at a time. */
const exclusive = [
  'test/lab/**/*.test.ts',
  'test/features/**/*.test.ts',
  'test/kubernetes/**/*.test.ts',
  'test/crs/envoy.test.ts',
]

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['**/*.test.ts'],
          exclude: ['node_modules/**', ...exclusive],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          pool: 'forks',
        },
      },
      {
        test: {
          name: 'system',
          include: exclusive,
          testTimeout: 300_000,
          hookTimeout: 300_000,
          pool: 'forks',
          fileParallelism: false,
        },
      },
    ],
  },
})
