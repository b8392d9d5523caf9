/** Verifiers of captchas for `guards.human.verify`. */
export type { HumanCheck, HumanVerification, HumanVerifier } from '../guards/human-options.ts';
export { type AltchaOptions, type AltchaParameters, altcha } from './altcha.ts';
export type { CaptchaRequestOptions } from './ask-provider.ts';
export type { CaptchaExpectations } from './expectations.ts';
export { type FriendlyCaptchaOptions, friendlyCaptcha } from './friendly-captcha.ts';
export { type HcaptchaOptions, hcaptcha } from './hcaptcha.ts';
export { type RecaptchaV2Options, type RecaptchaV3Options, recaptchaV2, recaptchaV3 } from './recaptcha.ts';
export { type RecaptchaEnterpriseOptions, recaptchaEnterprise } from './recaptcha-enterprise.ts';
export { type TurnstileOptions, turnstile } from './turnstile.ts';
