import { describe, expect, test } from 'vitest';
import { parseS3Url } from './url.ts';

describe('an s3: URL', () => {
  test('says where the store is and how to reach it', () => {
    const query =
      'endpoint=http://localhost:9000&publicEndpoint=https%3A%2F%2Ffiles.example.com&region=eu-west-1&sse=aws:kms&sseKmsKeyId=k/1&ca=/etc/ca.pem&forcePathStyle=false';
    expect(parseS3Url(`s3://key:se%2Fcr%40t@bucket/some/prefix/?${query}`)).toEqual({
      bucket: 'bucket',
      root: 'some/prefix/',
      endpoint: 'http://localhost:9000',
      publicEndpoint: 'https://files.example.com',
      region: 'eu-west-1',
      forcePathStyle: false,
      encryption: { mode: 'aws:kms', keyId: 'k/1' },
      ca: '/etc/ca.pem',
      credentials: { accessKeyId: 'key', secretAccessKey: 'se/cr@t' },
    });
  });

  test('needs no more than a bucket', () => {
    for (const url of ['s3://my.bucket-1', 's3://my.bucket-1/']) {
      expect(parseS3Url(url)).toEqual({
        bucket: 'my.bucket-1',
        root: '',
        endpoint: undefined,
        publicEndpoint: undefined,
        region: undefined,
        forcePathStyle: false,
        encryption: undefined,
        ca: undefined,
        credentials: undefined,
      });
    }
  });

  test('keeps the bucket in the path where there is an endpoint', () => {
    expect(parseS3Url('s3://bucket?endpoint=http://[::1]:9000')).toMatchObject({
      endpoint: 'http://[::1]:9000',
      forcePathStyle: true,
    });
  });

  test.each([
    ['s3:bucket', /expected s3:/],
    ['s3:///prefix', /expected s3:/],
    ['s3://key:secret/with/slash@bucket', /%2F/],
    ['s3://host:9000/bucket', /endpoint=/],
    ['s3://b', /not the name of a bucket/],
    ['s3://bucket?endpoint=localhost:9000', /endpoint must be http/],
    ['s3://bucket?endpoint=http://host/path', /without a path/],
    ['s3://bucket?publicEndpoint=ftp://host', /publicEndpoint must be http/],
    ['s3://bucket?endpont=http://host', /there is no "endpont"; known are endpoint,/],
    ['s3://bucket?region=a&region=b', /region is given twice/],
    ['s3://bucket?sse=rot13', /sse must be one of AES256, aws:kms/],
    ['s3://bucket?sse=AES256&sseKmsKeyId=k', /sseKmsKeyId goes with/],
    ['s3://bucket?sseKmsKeyId=k', /sseKmsKeyId goes with/],
    ['s3://bucket?forcePathStyle=yes', /forcePathStyle must be true or false/],
    ['s3://bucket/a//b', /prefix/],
    ['s3://bucket/a b', /prefix/],
    [`s3://bucket/${'a'.repeat(600)}`, /prefix/],
    ['s3://key@bucket', /key:secret@/],
    ['s3://key:a%zz@bucket', /%25/],
  ])('%s is refused with what to do', (url, problem) => {
    expect(() => parseS3Url(url)).toThrow(problem);
    expect(() => parseS3Url(url)).toThrow(/^STORAGE_URL: .*\.$/);
  });

  test('never shows its credentials', () => {
    for (const url of ['s3://akey:hidden@b', 's3://akey:hidden@bucket?x=1', 's3://akey:hid/den@bucket']) {
      expect(() => parseS3Url(url)).toThrow(
        expect.objectContaining({ message: expect.not.stringMatching(/akey|hid/) }),
      );
    }
  });
});
