/** What a word says. `confirm` is a yes: it counts only when something was asked. */
export type KeywordKind = 'opt-out' | 'opt-in' | 'confirm' | 'help';

/** BCP 47 tag: `id` Bahasa Indonesia, `ms` Malay, `tl` Tagalog, `zh-Hans` and `zh-Hant` the two scripts of Chinese. */
export type KeywordLanguage =
  | 'en'
  | 'id'
  | 'ms'
  | 'th'
  | 'vi'
  | 'tl'
  | 'zh-Hans'
  | 'zh-Hant'
  | 'fr'
  | 'de'
  | 'es';

/** Words of one language and kind. */
export interface KeywordList {
  readonly language: KeywordLanguage;
  readonly kind: KeywordKind;
  /** The page that names these words, read on 2026-11-22; `ours` where we found none. */
  readonly source: string;
  /** Words and phrases, separated by commas: shorter than an array. */
  readonly words: string;
}

const FCC = 'https://www.govinfo.gov/content/pkg/FR-2024-03-05/html/2024-04587.htm';
const TWILIO = 'https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out.md';
const AWS = 'https://docs.aws.amazon.com/sms-voice/latest/userguide/keywords-required.html';
const AWS_FRENCH =
  'https://docs.aws.amazon.com/end-user-messaging/latest/userguide/nx-rcs-launch-ca-french.md';
const TELNYX = 'https://developers.telnyx.com/docs/messaging/messages/advanced-opt-in-out/index';
const BRAZE = 'https://braze.com/docs/user_guide/message_building_by_channel/sms/keywords/optin_optout';
const SENT_INDONESIA = 'https://www.sent.dm/resources/indonesia-sms-guide';
const PLIMBI = 'http://plimbi.com/article/1795/cara-menghentikan-sms-premium';
const UTM = 'https://people.utm.my/thoo/2016/02/13/how-do-i-stop-sms-text-advertising-spam';
const VIETNAMNET = 'https://vietnamnet.vn/cach-chan-cuoc-goi-rac-tin-nhan-rac-nam-2026-2496804.html';
const TENCENT = 'https://intl.cloud.tencent.com/document/product/382/35474';
const CHINESE_GUIDE =
  'https://www.weareallindividuals.com/html/5gcaixin/zenmetuidingduanxintuisong_15096.html';
const BREVO = 'https://help.brevo.com/hc/de/articles/115001945670-Eine-Abmeldeoption-in-Ihre-SMS-integrieren';
const NOTIFYCAME = 'https://notifycame.com/page/funciones-de-sms';
const ACHIRAS = 'https://achiras.net.ec/?p=7209&post_type=post';
const OURS = 'ours';

function list(language: KeywordLanguage, kind: KeywordKind, source: string, words: string): KeywordList {
  return { language, kind, source, words };
}

/**
 * The built-in words: the union of what the sources name; where these differ, none is left out. Case, accents and
 * punctuation do not matter. A word of two kinds counts as the first of opt-out, help, opt-in, confirm; a word of two
 * languages belongs to the first list.
 *
 * Left out on purpose: NO and other ordinary answers; CONFIRM and its translations, because "please confirm" is a
 * question; the single letters T, N and R of Chinese marketing messages. A team whose message names one adds it.
 */
export function keywordLists(): readonly KeywordList[] {
  return [
    list('en', 'opt-out', FCC, 'STOP,QUIT,END,REVOKE,OPT OUT,CANCEL,UNSUBSCRIBE'),
    list('en', 'opt-out', TWILIO, 'STOPALL,OPTOUT'),
    list('en', 'opt-out', TELNYX, 'STOP ALL'),
    list('en', 'opt-out', AWS, 'REMOVE,TD'),
    list(
      'en',
      'opt-out',
      OURS,
      'UNSUBSCRIBE ALL,UNSUBSCRIBE ME,CANCEL ALL,END ALL,OPT ME OUT,REMOVE ME,STOP IT',
    ),
    list('en', 'opt-out', OURS, 'STOP SMS,STOP TEXTING,STOP TEXTING ME,STOP MESSAGING ME,STOP MESSAGES'),
    list('en', 'opt-in', BRAZE, 'START,UNSTOP'),
    list('en', 'opt-in', TELNYX, 'SUBSCRIBE'),
    list('en', 'opt-in', OURS, 'RESUBSCRIBE,OPTIN,OPT IN'),
    list('en', 'confirm', BRAZE, 'YES'),
    list('en', 'confirm', OURS, 'Y,YEP,YEAH,I AGREE,AGREED'),
    list('en', 'help', BRAZE, 'HELP,INFO'),

    list('id', 'opt-out', SENT_INDONESIA, 'BERHENTI,BATAL'),
    list('id', 'opt-out', PLIMBI, 'UNREG,OFF,UNSUB'),
    list('id', 'opt-out', OURS, 'BERHENTI BERLANGGANAN,BATALKAN,HENTIKAN'),
    list('id', 'opt-in', OURS, 'DAFTAR,LANGGANAN,BERLANGGANAN,MULAI'),
    list('id', 'confirm', OURS, 'YA,IYA,SETUJU'),
    list('id', 'help', SENT_INDONESIA, 'BANTUAN'),

    list('ms', 'opt-out', UTM, 'OUT'),
    list('ms', 'opt-out', OURS, 'KELUAR,HENTI,HENTI LANGGAN,BERHENTI MELANGGAN,BATAL LANGGANAN'),
    list('ms', 'opt-in', OURS, 'MULA,LANGGAN'),
    list('ms', 'confirm', OURS, 'BERSETUJU'),
    list('ms', 'help', OURS, 'MAKLUMAT'),

    list(
      'th',
      'opt-out',
      OURS,
      'ยกเลิก,หยุด,เลิกรับ,หยุดส่ง,ไม่รับข่าวสาร,ยกเลิกรับข่าวสาร,ยกเลิกการรับข่าวสาร,ยกเลิกการสมัคร,ยกเลิกข้อความ',
    ),
    list('th', 'opt-in', OURS, 'สมัคร,สมัครรับข่าวสาร,เริ่ม'),
    list('th', 'confirm', OURS, 'ใช่,ตกลง,ยินยอม'),
    list('th', 'help', OURS, 'ช่วยเหลือ,ความช่วยเหลือ,ช่วยด้วย'),

    list('vi', 'opt-out', VIETNAMNET, 'TC,HUY'),
    list('vi', 'opt-out', OURS, 'TỪ CHỐI,NGỪNG,HỦY ĐĂNG KÝ'),
    list('vi', 'opt-in', OURS, 'ĐĂNG KÝ,BẮT ĐẦU'),
    list('vi', 'confirm', OURS, 'CÓ,VÂNG,ĐỒNG Ý'),
    list('vi', 'help', OURS, 'TRỢ GIÚP,HƯỚNG DẪN'),

    list('tl', 'opt-out', OURS, 'TIGIL,ITIGIL,HINTO,IHINTO,TAMA NA'),
    list('tl', 'opt-in', OURS, 'SIMULAN,SUMALI'),
    list('tl', 'confirm', OURS, 'OO,OPO,SANG AYON'),
    list('tl', 'help', OURS, 'TULONG'),

    list('zh-Hans', 'opt-out', TENCENT, 'TD'),
    list('zh-Hans', 'opt-out', CHINESE_GUIDE, '停止'),
    list('zh-Hans', 'opt-out', OURS, '退订,取消,取消订阅,拒收,不要再发,停止发送'),
    list('zh-Hans', 'opt-in', OURS, '订阅,开始'),
    list('zh-Hans', 'confirm', OURS, '是,是的,同意'),
    list('zh-Hans', 'help', OURS, '帮助'),

    list('zh-Hant', 'opt-out', OURS, '退訂,取消訂閱,不要再發,停止發送'),
    list('zh-Hant', 'opt-in', OURS, '訂閱,開始'),
    list('zh-Hant', 'confirm', OURS, '願意'),
    list('zh-Hant', 'help', OURS, '幫助'),

    list('fr', 'opt-out', AWS_FRENCH, 'ARRÊT'),
    list(
      'fr',
      'opt-out',
      OURS,
      'ARRÊTER,ARRÊTEZ,ARRÊTE,DÉSABONNER,DÉSABONNEMENT,ME DÉSABONNER,DÉSINSCRIRE,DÉSINSCRIPTION,RÉSILIER,ANNULER,FIN',
    ),
    list('fr', 'opt-in', OURS, 'ABONNER,INSCRIRE,COMMENCER'),
    list('fr', 'confirm', OURS, "OUI,J'ACCEPTE"),
    list('fr', 'help', AWS_FRENCH, 'AIDE'),

    list('de', 'opt-out', BREVO, 'STOPP'),
    list(
      'de',
      'opt-out',
      OURS,
      'ABMELDEN,ABMELDUNG,ABBESTELLEN,AUSTRAGEN,BEENDEN,AUFHÖREN,AUFHOEREN,WIDERRUF',
    ),
    list('de', 'opt-in', OURS, 'ANMELDEN,ABONNIEREN'),
    list('de', 'confirm', OURS, 'JA,EINVERSTANDEN'),
    list('de', 'help', OURS, 'HILFE'),

    list('es', 'opt-out', NOTIFYCAME, 'PARAR,CANCELAR,BAJA'),
    list('es', 'opt-out', ACHIRAS, 'SALIR'),
    list(
      'es',
      'opt-out',
      OURS,
      'ALTO,DETENER,DARME DE BAJA,DARSE DE BAJA,DAR DE BAJA,NO MÁS,NO MÁS MENSAJES',
    ),
    list('es', 'opt-in', NOTIFYCAME, 'COMENZAR,SUSCRIBIRME,ALTA'),
    list('es', 'confirm', NOTIFYCAME, 'SÍ'),
    list('es', 'help', OURS, 'AYUDA'),
  ];
}

/**
 * Vietnamese words that only their accents tell from others: `dừng` is stop, `đúng` is right, `dùng` is use; `ạ` is polite.
 * Typed without accents such a word is at most a possible opt-out.
 */
export const ACCENTED_OPT_OUTS = 'DỪNG,DỪNG LẠI';
export const ACCENTED_POLITE_WORDS = 'Ạ';

/** What may stand around a word without changing it. Ours. */
export const POLITE_WORDS =
  'PLEASE,PLS,PLZ,KINDLY,THANKS,THANK YOU,THANK U,THX,TY,HI,HELLO,DEAR,SIR,MADAM,NOW,IMMEDIATELY,OK,OKAY,' +
  'TOLONG,MOHON,TERIMA KASIH,TERIMAKASIH,MAKASIH,SILA,SEKARANG,DONG,KAK,PAK,BU,MIN,' +
  'ครับ,คับ,ค่ะ,คะ,นะ,หน่อย,ขอ,กรุณา,โปรด,ขอบคุณ,สวัสดี,' +
  'VUI LÒNG,LÀM ƠN,XIN,CẢM ƠN,CÁM ƠN,NHÉ,PO,NA,PAKI,SALAMAT,PAKIUSAP,' +
  '请,請,谢谢,謝謝,感谢,感謝,麻烦,麻煩,我要,我想,吧,了,你好,您好,' +
  "SVP,STP,S'IL VOUS PLAÎT,S'IL TE PLAÎT,MERCI,BONJOUR,BITTE,DANKE,HALLO,JETZT,POR FAVOR,GRACIAS,HOLA,AHORA";

/**
 * Wording that asks to be left alone without one of the words above; looked for anywhere in a text. Ours, after the FCC:
 * other reasonable wording counts too.
 */
export const CLEAR_PHRASES =
  "UNSUBSCRIBED,DO NOT TEXT,DON'T TEXT,DO NOT MESSAGE,DON'T MESSAGE,DO NOT CONTACT,DON'T CONTACT,DO NOT SEND," +
  "DON'T SEND,LEAVE ME ALONE,TAKE ME OFF,NO MORE TEXTS,NO MORE MESSAGES,NO MORE SMS,JANGAN KIRIM,JANGAN HANTAR," +
  'อย่าส่ง,ไม่ต้องส่ง,ไม่อยากรับ,ĐỪNG GỬI,KHÔNG NHẬN,HUWAG NA,HUWAG NANG,别再发,別再發,不要发,不要發,不想收到,' +
  'NE PLUS RECEVOIR,PLUS DE SMS,KEINE SMS MEHR,KEINE NACHRICHTEN MEHR,NICHT MEHR SCHREIBEN,' +
  'NO QUIERO RECIBIR,DEJAR DE RECIBIR,DEJEN DE';
