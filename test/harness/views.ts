/** What the API shows, as far as tests read it. */
export interface FileView {
  readonly id: string;
  readonly name: string;
  readonly folder: string;
  readonly contentType: string;
  readonly size: number;
  readonly sha256: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly status: 'pending' | 'uploaded' | 'quarantined';
  readonly visibility: 'private' | 'public';
  readonly processing: {
    readonly state: 'none' | 'running' | 'done' | 'failed';
    readonly total: number;
    readonly finished: number;
    readonly failed: number;
  };
  readonly variants: readonly VariantView[];
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly deletedAt: string | null;
  readonly expiresAt: string | null;
}

export interface VariantView {
  readonly type: string;
  readonly contentType: string;
  readonly size: number;
  readonly width: number;
  readonly height: number;
}

export interface JobView {
  readonly id: string;
  readonly fileId: string;
  readonly type: string;
  readonly status: 'queued' | 'running' | 'succeeded' | 'failed' | 'dead' | 'cancelled';
  readonly attempt: number;
  readonly code: string | null;
  readonly reason: string | null;
}

export type UploadedFile = FileView & { readonly jobs: readonly Pick<JobView, 'id' | 'type' | 'status'>[] };

export interface UploadAnswer {
  readonly files: readonly UploadedFile[];
  readonly errors: readonly { readonly part: number; readonly code: string; readonly detail: string }[];
}

export interface SignedPart {
  readonly number: number;
  readonly url: string;
}

export interface BegunUpload {
  readonly file: FileView;
  readonly upload: {
    readonly method: string;
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly partSize: number;
    readonly parts: readonly SignedPart[];
    readonly expiresAt: string;
  };
  readonly confirmUrl: string;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}
