import { type LanguageWords, OURS } from '../language-words.ts';

const VIETNAMNET = 'https://vietnamnet.vn/cach-chan-cuoc-goi-rac-tin-nhan-rac-nam-2026-2496804.html';

export const thai = (): LanguageWords => ({
  language: 'th',
  acts: true,
  lists: [
    { kind: 'opt-out', source: OURS, words: 'ยกเลิก', use: 'ambiguous' },
    { kind: 'opt-out', source: OURS, words: 'หยุด', use: 'everyday' },
    {
      kind: 'opt-out',
      source: OURS,
      words:
        'เลิกรับ,หยุดส่ง,ไม่รับข่าวสาร,ยกเลิกรับข่าวสาร,ยกเลิกการรับข่าวสาร,ยกเลิกการสมัคร,ยกเลิกข้อความ,ยกเลิกสมาชิก,' +
        'หยุดส่งข้อความ,ยกเลิกการรับข้อความ,ยกเลิกรับข้อความ',
    },
    { kind: 'opt-in', source: OURS, words: 'สมัคร,สมัครรับข่าวสาร,เริ่ม' },
    { kind: 'confirm', source: OURS, words: 'ใช่,ตกลง,ยินยอม' },
    { kind: 'help', source: OURS, words: 'ช่วยเหลือ,ความช่วยเหลือ,ช่วยด้วย' },
  ],
  particles: 'ครับ,คับ,ค่ะ,คะ,นะ,หน่อย,ขอ,จ้า,ด้วย',
  courtesy: 'กรุณา,โปรด,ขอบคุณ,สวัสดี,รบกวน',
  phrases:
    'หยุดได้แล้ว,ช่วยหยุด,หยุดสักที,อย่าส่ง,ไม่ต้องส่ง,ไม่อยากรับ,ไม่ต้องการรับ,ไม่ขอรับ,เลิกส่ง,อย่าโทร,อย่าติดต่อ,เลิกติดต่อ,อย่ามายุ่ง,เลิกยุ่ง,ไม่สนใจ,ลบเบอร์,' +
    'ลบชื่อ,ลบข้อมูล,เอาเบอร์ออก,เอาชื่อออก,โทรผิด,ผิดเบอร์,เบอร์ผิด,ผิดคน,รำคาญ,พอแล้ว,พอได้แล้ว,ขอไม่รับ,บล็อก,แจ้งความ,ร้องเรียน,' +
    'ไปให้พ้น,ถอนตัว,ถอนความยินยอม,สแปม',
  alone: 'พอ,ไม่เอา,ไม่เอาแล้ว,ไม่รับ,ออก,ปฏิเสธ,เลิก,ลบ,ไม่ต้อง',
});

export const vietnamese = (): LanguageWords => ({
  language: 'vi',
  acts: true,
  lists: [
    { kind: 'opt-out', source: VIETNAMNET, words: 'TC', use: 'everyday', usedIn: ['en', 'tl'] },
    { kind: 'opt-out', source: VIETNAMNET, words: 'HUY', use: 'everyday', usedIn: '*' },
    { kind: 'opt-out', source: OURS, words: 'NGỪNG,HỦY ĐĂNG KÝ,NGƯNG,!DỪNG,!DỪNG LẠI' },
    { kind: 'opt-out', source: OURS, words: 'TỪ CHỐI', use: 'ambiguous' },
    { kind: 'opt-in', source: OURS, words: 'ĐĂNG KÝ,BẮT ĐẦU' },
    { kind: 'confirm', source: OURS, words: 'CÓ,VÂNG,ĐỒNG Ý' },
    { kind: 'help', source: OURS, words: 'TRỢ GIÚP,HƯỚNG DẪN' },
  ],
  particles: 'NHÉ,NHA,!ĐI,!Ạ',
  courtesy: 'VUI LÒNG,LÀM ƠN,XIN,CẢM ƠN,CÁM ƠN,CHÀO,AD,SHOP ƠI',
  phrases:
    'ĐỪNG GỬI,ĐỪNG NHẮN,ĐỪNG GỌI,ĐỪNG LÀM PHIỀN,ĐỪNG LIÊN HỆ,KHÔNG NHẬN,KHÔNG MUỐN NHẬN,KHÔNG CẦN GỬI,KHÔNG CẦN NHẬN,' +
    'KHÔNG QUAN TÂM,KHÔNG CÓ NHU CẦU,NGỪNG GỬI,NGỪNG NHẮN,THÔI GỬI,THÔI NHẮN,DỪNG GỬI,DỪNG NHẮN,XÓA SỐ,XOÁ SỐ,XÓA TÔI,' +
    'XÓA TÊN,NHẦM SỐ,NHẦM NGƯỜI,SAI SỐ,LÀM PHIỀN,PHIỀN QUÁ,ĐỂ TÔI YÊN,ĐỂ YÊN,BIẾN ĐI,CHẶN SỐ,BÁO CÁO SPAM,TIN RÁC,' +
    'TIN NHẮN RÁC,QUẢNG CÁO HOÀI,HỦY NHẬN,HỦY DỊCH VỤ,HỦY TIN,KHÔNG SPAM',
  alone:
    'TC QC,TC1,TC2,TC3,TC4,HỦY QC,HỦY DV,ĐK DNC,THÔI,ĐỦ RỒI,THÔI ĐỦ RỒI,THÔI ĐỪNG,KHÔNG NHẬN NỮA,KHÔNG CẦN,PHIỀN,XÓA,CHẶN',
  pairs: [
    {
      first: 'ĐỪNG,NGỪNG,THÔI,KHÔNG MUỐN,KHÔNG CẦN,ĐỪNG CÓ',
      second: 'GỬI,NHẮN,GỌI,NHẬN,SPAM,QUẢNG CÁO,LIÊN HỆ',
      gap: 4,
    },
  ],
  reactions: {
    source: 'https://github.com/quik-sms/quik/pull/533',
    forms:
      'ĐÃ THÍCH …,ĐÃ YÊU THÍCH …,ĐÃ KHÔNG THÍCH …,ĐÃ CƯỜI VỚI …,ĐÃ NHẤN MẠNH …,ĐÃ ĐẶT DẤU HỎI CHO …,ĐÃ PHẢN ỨNG # VỚI …,' +
      'ĐÃ XÓA # KHỎI …,ĐÃ BỎ TIM KHỎI …,ĐÃ BỎ THÍCH KHỎI …,ĐÃ BỎ KHÔNG THÍCH KHỎI …,ĐÃ BỎ PHẢN ỨNG CƯỜI KHỎI …,' +
      'ĐÃ BỎ NHẤN MẠNH KHỎI …,ĐÃ BỎ DẤU HỎI KHỎI …,# VỚI …,# ĐẾN …',
  },
});

export const tagalog = (): LanguageWords => ({
  language: 'tl',
  acts: true,
  lists: [
    { kind: 'opt-out', source: OURS, words: 'TIGIL,ITIGIL,HINTO,IHINTO' },
    { kind: 'opt-out', source: OURS, words: 'TAMA NA', use: 'ambiguous' },
    { kind: 'opt-in', source: OURS, words: 'SIMULAN,SUMALI' },
    { kind: 'confirm', source: OURS, words: 'OO,OPO,SANG AYON' },
    { kind: 'help', source: OURS, words: 'TULONG' },
  ],
  particles: 'PO,NA,NAMAN,HO',
  courtesy: 'PAKI,SALAMAT,PAKIUSAP,SALAMAT PO,MARAMING SALAMAT',
  phrases:
    'HUWAG NA,HUWAG NANG,WAG NA KAYO,WAG NA PO,WAG NYO,WAG NIYO,WAG KAYO,WAG KANG,WAG MAG TEXT,WAG MAGTEXT,WAG NANG MAG TEXT,' +
    'HUWAG MAG TEXT,HUWAG MAGPADALA,TIGILAN NYO,TIGILAN NIYO,TIGILAN MO,TIGILAN AKO,TANTANAN,LUBAYAN,AYOKO NA,AYAW KO NA,' +
    'HINDI AKO INTERESADO,DI AKO INTERESADO,HINDI INTERESADO,TANGGALIN NYO,TANGGALIN NIYO,TANGGALIN ANG,' +
    'ALISIN NYO,ALISIN NIYO,ALISIN ANG,BURAHIN,MALI ANG NUMBER,MALING NUMBER,MALING NUMERO,WRONG SEND,NAKAKAINIS,ISTORBO,' +
    'MAKULIT,ANG KULIT,IREREPORT,IBLOCK',
  alone: 'WAG,HUWAG,AYAW,AYOKO,AYAW KO,TAMA,TIGIL NA,ALIS,ENOUGH NA',
  pairs: [
    {
      first: 'WAG,HUWAG,TIGILAN,ITIGIL,STOP',
      second: 'TEXT,MAGTEXT,PAG TEXT,PAGTEXT,MAGPADALA,SEND,MESSAGE,MAGMESSAGE,TAWAG,TUMAWAG',
      gap: 4,
    },
  ],
});
