import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core';

/** The accent: spruce, a calm green-blue that keeps its contrast in both schemes. */
const spruce: MantineColorsTuple = [
  '#ecf7f4',
  '#d6ece6',
  '#abd9cd',
  '#7cc5b2',
  '#55b49c',
  '#3a9c85',
  '#23836d',
  '#126b58',
  '#0b5446',
  '#073d33',
];
/** Warm neutrals: paper rather than steel. */
const gray: MantineColorsTuple = [
  '#faf9f7',
  '#f3f1ed',
  '#e8e5df',
  '#d9d5cd',
  '#bdb8ae',
  '#88837a',
  '#6b665e',
  '#524d46',
  '#38342f',
  '#211f1b',
];
const dark: MantineColorsTuple = [
  '#e2e6e5',
  '#bcc3c1',
  '#98a09e',
  '#5f6766',
  '#414848',
  '#2e3434',
  '#222727',
  '#171a1a',
  '#121515',
  '#0d0f0f',
];
const red: MantineColorsTuple = [
  '#fdf0ee',
  '#f9ddd8',
  '#f2b8af',
  '#ea9284',
  '#e2715f',
  '#d5543f',
  '#bd3c28',
  '#a22f1d',
  '#832416',
  '#631a10',
];
const amber: MantineColorsTuple = [
  '#fdf6e7',
  '#f9e9c6',
  '#f2d38d',
  '#eabb52',
  '#e0a526',
  '#c1890f',
  '#9a6c08',
  '#7b5506',
  '#604205',
  '#463003',
];
const blue: MantineColorsTuple = [
  '#eef4fb',
  '#d8e5f5',
  '#aecbec',
  '#83b0e1',
  '#5c97d6',
  '#3f7fc4',
  '#2c68a9',
  '#21548c',
  '#18406c',
  '#102d4d',
];

const systemFont =
  'system-ui, -apple-system, "Segoe UI Variable Text", "Segoe UI", Roboto, "Noto Sans", Cantarell, "Liberation Sans", sans-serif';

export const theme = createTheme({
  primaryColor: 'spruce',
  // White on either has at least 4.5 : 1.
  primaryShade: { light: 7, dark: 6 },
  colors: { spruce, gray, dark, red, amber, blue },
  white: '#ffffff',
  black: '#211f1b',
  fontFamily: systemFont,
  fontFamilyMonospace:
    'ui-monospace, "Cascadia Mono", "SF Mono", Menlo, Consolas, "Liberation Mono", monospace',
  headings: {
    fontFamily: systemFont,
    fontWeight: '650',
    sizes: {
      h1: { fontSize: '1.625rem', lineHeight: '1.25' },
      h2: { fontSize: '1.1875rem', lineHeight: '1.35' },
      h3: { fontSize: '1rem', lineHeight: '1.4' },
    },
  },
  defaultRadius: 'md',
  radius: { xs: '4px', sm: '6px', md: '9px', lg: '14px', xl: '22px' },
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    // The head of a dialog is no second banner of the page.
    // The scroll lock must not inject a <style> element: the content security policy refuses it.
    Modal: {
      defaultProps: {
        centered: true,
        radius: 'lg',
        padding: 'lg',
        removeScrollProps: { removeScrollBar: false },
        overlayProps: { backgroundOpacity: 0.45 },
        attributes: { header: { role: 'presentation' } },
      },
    },
    Drawer: {
      defaultProps: {
        removeScrollProps: { removeScrollBar: false },
        attributes: { header: { role: 'presentation' } },
      },
    },
    Table: { defaultProps: { verticalSpacing: 'sm', horizontalSpacing: 'sm' } },
    InputWrapper: {
      defaultProps: { styles: { label: { marginBottom: 4 }, description: { marginBottom: 2 } } },
    },
    Select: { defaultProps: { allowDeselect: false, checkIconPosition: 'right' } },
  },
});

/** Corrections to Mantine's own variables, where its defaults miss WCAG AA on our surfaces. */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-body': '#ffffff',
    '--mantine-color-error': red[7],
    '--mantine-color-placeholder': gray[6],
    '--mantine-color-dimmed': gray[6],
    '--mantine-color-anchor': spruce[7],
    '--mantine-color-default-border': gray[3],
  },
  dark: {
    '--mantine-color-body': dark[7],
    '--mantine-color-error': red[3],
    '--mantine-color-placeholder': dark[2],
    '--mantine-color-dimmed': dark[2],
    '--mantine-color-anchor': spruce[3],
    '--mantine-color-default-border': dark[4],
  },
});
