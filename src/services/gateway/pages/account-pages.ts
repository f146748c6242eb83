import { makePage } from './page.ts';

/** Opening one does nothing: programs that look through mails open every link. What is done, a person does by a button. */

const askFor = (what: string) => `<form id="ask" hidden>
<p>${what}</p>
<label for="email">Your e-mail address</label>
<input id="email" type="email" autocomplete="email" required maxlength="320">
<button>Send a mail</button>
</form>`;

export const VERIFY_EMAIL = makePage({
  title: 'Confirm your e-mail address',
  body: `<form id="confirm" hidden>
<p>Did you make an account here with your address? Then confirm it with the password that you chose.</p>
<label for="password">Your password</label>
<input id="password" type="password" autocomplete="current-password" required maxlength="72">
<button>Confirm my address</button>
<p>Forgotten, or was it somebody else? <a href="reset-password">Choose a password of your own</a>: then the account is yours alone.</p>
</form>
${askFor('Get a mail with a link that confirms your address.')}`,
  script: `
show(token ? 'confirm' : 'ask');
on('confirm', (form) => send('verify-email/confirm', { token, password: part('password').value },
  'Your address is confirmed. You can log in now.', form));
on('ask', (form) => send('verify-email', { email: part('email').value },
  'If there is an account to confirm, a mail is on its way.', form));
`,
});

export const RESET_PASSWORD = makePage({
  title: 'Choose another password',
  body: `<form id="choose" hidden>
<label for="password">New password</label>
<input id="password" type="password" autocomplete="new-password" required minlength="8" maxlength="72">
<button>Change the password</button>
<p>You are signed out everywhere then.</p>
</form>
${askFor('Get a mail with a link to choose another password.')}`,
  script: `
show(token ? 'choose' : 'ask');
on('choose', (form) => send('password-reset/confirm', { token, newPassword: part('password').value },
  'Your password is changed. You can log in with it now.', form));
on('ask', (form) => send('password-reset', { email: part('email').value },
  'If there is such an account, a mail is on its way.', form));
`,
});
