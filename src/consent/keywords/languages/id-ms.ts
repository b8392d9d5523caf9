import { type LanguageWords, OURS } from '../language-words.ts';

const SENT = 'https://www.sent.dm/resources/indonesia-sms-guide';
const PLIMBI = 'https://plimbi.com/article/1795/cara-menghentikan-sms-premium';
const UTM = 'https://people.utm.my/thoo/2016/02/13/how-do-i-stop-sms-text-advertising-spam';

const CONTACTING =
  'SMS,WA,CHAT,HUBUNGI,MENGHUBUNGI,TELEPON,TELP,TELFON,GANGGU,MENGGANGGU,MENGIRIM,KIRIM,KIRIMI,HANTAR,SPAM';
const TEXTS = 'SMS,PESAN,PROMO,PROMOSI,IKLAN,NOTIFIKASI,SPAM,PENAWARAN,MESEJ,PESANAN,SMS INI,WA';

export const indonesian = (): LanguageWords => ({
  language: 'id',
  acts: true,
  lists: [
    { kind: 'opt-out', source: SENT, words: 'BERHENTI' },
    { kind: 'opt-out', source: SENT, words: 'BATAL', use: 'everyday', usedIn: ['id', 'ms'] },
    { kind: 'opt-out', source: PLIMBI, words: 'UNREG,UNSUB' },
    { kind: 'opt-out', source: PLIMBI, words: 'OFF', use: 'everyday', usedIn: ['en', 'tl'] },
    { kind: 'opt-out', source: OURS, words: 'BERHENTI BERLANGGANAN,HENTIKAN,STOP BERLANGGANAN' },
    { kind: 'opt-out', source: OURS, words: 'BATALKAN', use: 'everyday', usedIn: ['id', 'ms'] },
    { kind: 'opt-in', source: OURS, words: 'DAFTAR,LANGGANAN,BERLANGGANAN,MULAI' },
    { kind: 'confirm', source: OURS, words: 'YA,IYA,SETUJU' },
    { kind: 'help', source: SENT, words: 'BANTUAN' },
  ],
  particles: 'YA,YAA,DONG,DEH,LAH,AJA,SAJA',
  courtesy: 'TOLONG,MOHON,TERIMA KASIH,TERIMAKASIH,MAKASIH,SEKARANG,DONG,KAK,PAK,BU,MIN',
  phrases:
    'JANGAN KIRIM,JANGAN KIRIMI,JANGAN SMS,JANGAN HUBUNGI,JANGAN GANGGU,JANGAN SPAM,GAK USAH KIRIM,TIDAK USAH KIRIM,' +
    'NGGAK USAH KIRIM,GA USAH KIRIM,TIDAK MAU TERIMA,GAK MAU TERIMA,TIDAK MAU MENERIMA,TIDAK INGIN MENERIMA,' +
    'TIDAK BERMINAT,TIDAK MINAT,GAK MINAT,TIDAK TERTARIK,GAK TERTARIK,HAPUS NOMOR,HAPUS NOMER,HAPUS NO,HAPUS DATA,' +
    'SALAH SAMBUNG,SALAH NOMOR,SALAH ORANG,BERHENTI KIRIM,BERHENTI LANGGANAN,BERHENTI MENGIRIM,JANGAN LAGI,PERGI SANA,' +
    'BIARKAN SAYA,KELUARKAN SAYA,KELUARKAN NOMOR,BLOKIR,SAYA LAPORKAN,SUDAH CUKUP,CUKUP SUDAH,MENGGANGGU,NYAMPAH',
  alone: 'CUKUP,UDAH CUKUP,TOLAK,ENGGAK MAU,GAK MAU,TIDAK MAU,SAMPAH,HAPUS,GANGGU,KELUAR',
  pairs: [
    {
      first: 'JANGAN,JGN,GAK USAH,TIDAK USAH,GA USAH,NGGAK USAH,STOP,STOPP,BERHENTI',
      second: CONTACTING,
      gap: 3,
    },
    {
      first: 'TIDAK MAU,GAK MAU,GA MAU,NGGAK MAU,TIDAK INGIN,TIDAK PERLU,GAK PERLU,BOSAN,CAPEK',
      second: TEXTS,
      gap: 5,
    },
    { first: 'HAPUS,KELUARKAN', second: 'SAYA,NOMOR SAYA,NOMER SAYA,DAFTAR', gap: 3 },
  ],
});

export const malay = (): LanguageWords => ({
  language: 'ms',
  acts: true,
  lists: [
    { kind: 'opt-out', source: UTM, words: 'OUT', use: 'everyday', usedIn: ['en', 'ms', 'tl'] },
    { kind: 'opt-out', source: OURS, words: 'KELUAR', use: 'everyday', usedIn: ['id', 'ms'] },
    { kind: 'opt-out', source: OURS, words: 'HENTI,HENTI LANGGAN,BERHENTI MELANGGAN,BATAL LANGGANAN' },
    { kind: 'opt-in', source: OURS, words: 'MULA,LANGGAN' },
    { kind: 'confirm', source: OURS, words: 'BERSETUJU' },
    { kind: 'help', source: OURS, words: 'MAKLUMAT' },
  ],
  particles: 'LA,LAH,YE,JE,TAU',
  courtesy: 'SILA,TOLONG,TERIMA KASIH,TQ,TERIMAKASIH,ENCIK,PUAN,CIK,SEKARANG',
  phrases:
    'JANGAN HANTAR,JANGAN MESEJ,JANGAN CALL,JANGAN KACAU,TAK NAK TERIMA,TAKNAK TERIMA,TIDAK MAHU TERIMA,TIDAK MAHU MENERIMA,' +
    'TAK PAYAH HANTAR,TAK BERMINAT,TIDAK BERMINAT,TAK MINAT,PADAM NOMBOR,BUANG NOMBOR,BUANG NO,BUANG NAMA,PADAM NAMA,' +
    'SALAH NOMBOR,SALAH ORANG,NOMBOR SALAH,BERHENTI HANTAR,HENTIKAN MESEJ,JANGAN GANGGU,SAYA LAPOR,SAYA REPORT',
  alone: 'CUKUP,CUKUPLAH,TAK NAK,TAKNAK,TAK MAHU,TIDAK MAHU,KACAU,SIBUK',
  pairs: [
    { first: 'JANGAN,JGN,TAK PAYAH,TAK USAH,STOP', second: `${CONTACTING},MESEJ,CALL,KACAU`, gap: 3 },
    { first: 'TAK NAK,TAKNAK,TAK MAU,TIDAK MAHU,TAK PERLU', second: TEXTS, gap: 5 },
    { first: 'PADAM,BUANG,KELUARKAN', second: 'SAYA,NOMBOR SAYA,NO SAYA,SENARAI', gap: 3 },
  ],
});
