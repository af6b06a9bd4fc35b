export const begin = () => {}; export const list = () => null; export const watch = () => {};
