import { required, type StorageVerb } from './deps.ts';

export const createMultipart: StorageVerb<'createMultipart'> =
  ({ objects }) =>
  async ({ key, contentType }) => ({ multipartId: await objects.createMultipart(key, contentType) });

export const listParts: StorageVerb<'listParts'> =
  ({ objects }) =>
  async ({ key, multipartId }) => ({ parts: await objects.listParts(key, multipartId) });

export const completeMultipart: StorageVerb<'completeMultipart'> =
  ({ objects }) =>
  async ({ key, multipartId, parts }) => {
    await objects.completeMultipart(key, multipartId, parts);
    return {};
  };

export const abortMultipart: StorageVerb<'abortMultipart'> =
  ({ objects }) =>
  async ({ key, multipartId }) => {
    await objects.abortMultipart(key, multipartId);
    return {};
  };

export const listMultipart: StorageVerb<'listMultipart'> =
  ({ objects }) =>
  async ({ begunBefore }) => ({ uploads: await objects.listMultipart(required(begunBefore, 'begun_before')) });
