import { type LanguageWords, OURS } from '../language-words.ts';

const INC_ARABIA =
  'https://www.incarabia.com/%D9%84%D8%A7-%D8%AA%D8%B1%D8%B3%D9%84-%C2%AB%D8%A5%D9%8A%D9%82%D8%A7%D9%81%C2%BB-%D9%84%D9%84%D8%B1%D8%B3%D8%A7%D8%A6%D9%84-%D8%A7%D9%84%D9%85%D8%B2%D8%B9%D8%AC%D8%A9-%D8%A7%D9%83%D8%AA%D8%B4%D9%81-%D8%A7%D9%84%D8%B7%D8%B1%D9%8A%D9%82%D8%A9-%D8%A7%D9%84%D8%B5%D8%AD%D9%8A%D8%AD%D8%A9-%D9%84%D8%A5%D9%8A%D9%82%D8%A7%D9%81%D9%87%D8%A7-821020.html';
const DIGIT =
  'https://www.digit.in/hi/features/general/how-to-activate-dnd-do-not-disturb-service-in-india-on-airtel-jio-vi-using-sms-call-or-online.html';

export const arabic = (): LanguageWords => ({
  language: 'ar',
  acts: false,
  lists: [
    { kind: 'opt-out', source: INC_ARABIA, words: 'إيقاف,إلغاء الاشتراك' },
    {
      kind: 'opt-out',
      source: OURS,
      words:
        'توقف,توقفوا,أوقف,أوقفوا,قف,ستوب,إيقاف الرسائل,الغوا الاشتراك,ألغي الاشتراك,إلغاء اشتراكي,اوقفوا الرسائل,وقف,وقفوا',
    },
    { kind: 'opt-out', source: OURS, words: 'إلغاء,الغاء,إنهاء', use: 'ambiguous' },
  ],
  courtesy: 'من فضلك,لو سمحت,لو سمحتم,شكرا,شكراً,رجاء,الرجاء,مرحبا,السلام عليكم',
  phrases:
    'لا ترسل,لا ترسلوا,لا ترسلون,لا تراسلني,لا تراسلوني,لا تتصل,لا تتصلوا,' +
    'لا أرغب,لا ارغب,غير مهتم,غير مهتمة,مو مهتم,مش مهتم,احذف رقمي,احذفوا رقمي,احذفوني,امسح رقمي,امسحوا رقمي,رقم خطأ,الرقم خطأ,' +
    'الرقم غلط,رقم غلط,ازعاج,إزعاج,مزعج,مزعجة,اتركوني,اتركني,سيبوني,كفاية رسائل,خلاص بقى,بطلوا,بلاش رسائل,سأبلغ,سبام',
  alone: 'لا أريد,ما أبي,مش عايز,مش عاوز,يكفي,حظر,كفى,كفاية,خلاص,بس,لا شكرا,حذف,رفض,خروج',
  pairs: [
    {
      first: 'لا أريد,ما أبي,ما اريد,مش عايز,مش عاوز,لا أرغب',
      second: 'رسائل,رسائلكم,الرسائل,رسالة,اشتراك,الاشتراك,استقبال,استلام,إعلانات,اعلاناتكم,الإعلانات,اتصال',
      gap: 4,
    },
  ],
  reactions: {
    source: OURS,
    forms: 'أعجبه …,أعجبها …,أعجب ب…,أحب …,لم يعجبه …,ضحك على …,أكد على …,تفاعل ب# مع …,# إلى …',
  },
});

/** Also as people write Hindi in Latin letters. */
export const hindi = (): LanguageWords => ({
  language: 'hi',
  acts: false,
  lists: [
    { kind: 'opt-out', source: DIGIT, words: 'बंद,बंद करें' },
    {
      kind: 'opt-out',
      source: OURS,
      words:
        'बंद करो,बन्द करो,बन्द करें,बंद कीजिए,बंद कर दो,रोकें,रोको,रोक दो,स्टॉप,स्टोप,रुको,हटाओ,हटाएं,हटा दो,सदस्यता समाप्त,' +
        'BAND KARO,BAND KARE,BAND KAR DO,BAND KIJIYE,ROKO,HATAO,MAT BHEJO',
    },
    { kind: 'opt-out', source: OURS, words: 'रद्द,रद्द करें,रद्द करो', use: 'ambiguous' },
  ],
  courtesy: 'कृपया,धन्यवाद,नमस्ते,जी,प्लीज,KRIPYA,DHANYAVAD,JI,BHAI,YAAR',
  phrases:
    'मत भेजो,मत भेजें,मत भेजिए,न भेजें,ना भेजें,मैसेज मत,मैसेज न,कॉल मत,फोन मत,संपर्क न,संपर्क मत,परेशान मत,परेशान न,नहीं चाहिए,' +
    'रुचि नहीं,दिलचस्पी नहीं,इच्छुक नहीं,गलत नंबर,रॉन्ग नंबर,मेरा नंबर हटा,नंबर हटा,नंबर डिलीट,शिकायत करूंगा,तंग मत,पीछा छोड़ो,छोड़ दो मुझे,' +
    'MESSAGE MAT,MSG MAT,SMS MAT,CALL MAT,MAT BHEJO,MAT BHEJNA,MAT BHEJE,NAHI CHAHIYE,NHI CHAHIYE,NAHI CHAIYE,NHI CHAIYE,' +
    'INTEREST NAHI,INTERESTED NAHI,INTERESTED NHI,GALAT NUMBER,PARESHAN MAT,PARESAN MAT,TANG MAT,NUMBER HATAO,NUMBER DELETE,PICHA CHODO',
  alone: 'बस,नहीं चाहिए,मत करो,हट,BAS,BAS KARO,MAT KARO,NAHI CHAHIYE',
});

/** Tamil is compared syllable by syllable: endings differ, so the common beginning is listed. */
export const tamil = (): LanguageWords => ({
  language: 'ta',
  acts: false,
  lists: [
    { kind: 'opt-out', source: OURS, words: 'நிறுத்து,நிறுத்த' },
    { kind: 'opt-out', source: OURS, words: 'நிறுத்தவும்,நிறுத்துங்கள்,நிறுத்துக,ஸ்டாப்,விலகு,விலக,குழுவிலகு' },
    { kind: 'opt-out', source: OURS, words: 'ரத்து,ரத்து செய்', use: 'ambiguous' },
  ],
  courtesy: 'தயவுசெய்து,தயவு செய்து,நன்றி,வணக்கம்',
  phrases:
    'மெசேஜ் வேண்டாம்,எஸ்எம்எஸ் வேண்டாம்,செய்தி வேண்டாம்,அனுப்பாதீர்கள்,அனுப்பாதே,அனுப்ப வேண்டாம்,தொடர்பு கொள்ள வேண்டாம்,தொந்தரவு,அழைக்காதீர்கள்,விருப்பமில்லை,விருப்பம் இல்லை,ஆர்வமில்லை,' +
    'தவறான எண்,தப்பு நம்பர்,ராங் நம்பர்,எண்ணை நீக்க,நீக்கவும்,நீக்குங்கள்,புகார்,தேவையில்லை,தேவை இல்லை,ANUPATHINGA,ANUPADHINGA,THONDHARAVU',
  alone: 'வேண்டாம்,VENDAM,போதும்,முடியாது,நீக்கு',
});
