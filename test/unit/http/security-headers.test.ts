import { objectSecurityHeaders } from '../../../src/http/security-headers.ts';

describe('an object of an active type', () => {
  it.each([
    'text/html',
    'TEXT/HTML; charset=utf-8',
    'text/html ;charset=utf-8',
    'application/xhtml+xml',
    'image/svg+xml',
    'image/svg+xml;charset=utf-8',
    'text/xml',
    'application/xml',
    'application/rss+xml',
    'multipart/x-mixed-replace; boundary=b',
    'text/plain, text/html',
    'text/plain;a=b, text/html',
    'image/png,image/svg+xml',
    'text/html\t;x',
    'unknown/type',
    'html',
    '',
  ])('opens in a sandbox: %s', type => {
    const headers = objectSecurityHeaders(type);
    expect(headers['content-security-policy']).toContain('sandbox');
    expect(headers['x-content-type-options']).toBe('nosniff');
  });

  it('may still load pictures and styles when it is a page, and nothing when it is not', () => {
    expect(objectSecurityHeaders('text/html')['content-security-policy']).toBe('sandbox');
    expect(objectSecurityHeaders('image/svg+xml')['content-security-policy']).toContain("default-src 'none'");
  });
});

describe('an object of an inert type', () => {
  it.each([
    'text/plain',
    'text/plain;charset=UTF-8',
    'image/png',
    'video/mp4',
    'application/json',
    'application/pdf',
    'application/octet-stream',
  ])('is served without a sandbox, and not sniffed: %s', type => {
    expect(objectSecurityHeaders(type)).toEqual({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
  });
});
