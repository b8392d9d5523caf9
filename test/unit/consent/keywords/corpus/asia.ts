import { answersOf } from './answer.ts';

/** Our own texts, in the forms of the public reports named in english.ts. No native speaker has read them. */
export const asianAnswers = [
  ...answersOf('id', 'ID', {
    stop: `
BERHENTI
Berhenti ya kak, terima kasih
tolong berhenti
UNREG
unsub
OFF
Off ya kak
BATAL
Hentikan
STOP
stop dong`,
    leave: `
berhnti
brehenti
BERHENTIII
jangan kirim lagi
Jangan sms saya lagi
tolong jangan hubungi nomor ini
gak usah kirim promo lagi
saya tidak mau terima pesan ini
tidak berminat
hapus nomor saya
salah sambung
cukup
jangan ganggu
keluarkan saya dari daftar ini
blokir aja`,
    talk: `
besok saya off kerja
rapat batal ya?
ok kak
sudah sampai
terima kasih
iya nanti saya ke toko
saya katakan besok
jam berapa buka?
natal buka?
kode belum masuk
saya keluar dulu`,
    yes: `
YA
iya setuju`,
    help: 'BANTUAN',
  }),
  ...answersOf('ms', 'MY', {
    stop: `
HENTI
BERHENTI
Henti la
sila berhenti, terima kasih
OUT
KELUAR
STOP`,
    leave: `
hneti
jangan hantar lagi
Tolong jangan mesej saya
tak nak terima sms ni
taknak
tak berminat
padam nombor saya
salah nombor
jangan kacau
buang nama saya dari senarai
cukuplah`,
    talk: `
out station minggu ni
saya keluar sekejap
ok boleh
terima kasih
dah sampai
kedai buka pukul berapa?
nanti saya call
kod tak dapat
parking penuh
esok cuti`,
    yes: 'bersetuju',
    help: 'maklumat',
  }),
  ...answersOf('th', 'TH', {
    stop: `
ยกเลิก
ขอยกเลิกค่ะ
หยุด
หยุดส่ง
ยกเลิกข้อความ
ไม่รับข่าวสาร
STOP`,
    leave: `
อย่าส่งมาอีก
ไม่ต้องส่งแล้วนะคะ
ไม่สนใจค่ะ
ลบเบอร์ผมออกด้วย
ผิดเบอร์ครับ
รำคาญมาก
พอแล้ว
เลิกส่งสักที
ไม่อยากรับข้อความ
ขอไม่รับ`,
    talk: `
วันนี้วันหยุดไหม
ขอบคุณค่ะ
ถึงแล้ว
กี่โมงเปิด
ได้ครับ
ยังไม่ได้รับรหัส
พรุ่งนี้ไป
อยู่หน้าร้าน
โอเค
ส่งที่บ้านนะ`,
    yes: 'ใช่ค่ะ',
    help: 'ช่วยเหลือ',
  }),
  ...answersOf('vi', 'VN', {
    stop: `
HUY
hủy ạ
TC
Từ chối
Ngừng
DỪNG LẠI
Hủy đăng ký
STOP`,
    leave: `
đừng gửi nữa
đừng nhắn tin cho tôi nữa
không muốn nhận tin này
ko quan tam, dung lam phien
không quan tâm
nhầm số rồi
xóa số tôi đi
phiền quá
thôi đủ rồi
để tôi yên
ngừng gửi quảng cáo`,
    talk: `
Cảm ơn, Huy
Huy đây, mai mình tới
đúng rồi
dùng lại được không
ok em
mấy giờ mở cửa
tôi tới rồi
cảm ơn shop
chưa nhận được mã
mai giao nhé`,
    yes: 'Vâng ạ',
    help: 'trợ giúp',
    reaction: `
Đã thích “Soạn HUY để từ chối”
Đã yêu thích “Soạn STOP”`,
  }),
  ...answersOf('tl', 'PH', {
    stop: `
TIGIL
itigil na po
Hinto
tama na po
STOP
stop na po`,
    leave: `
huwag na kayong mag text
wag na po kayo mag text sakin
tigilan nyo na ako
ayoko na
hindi ako interesado
wrong number po
alisin nyo number ko
istorbo kayo
tanggalin nyo ko sa list
itgil na`,
    talk: `
ok po, tc
ok off
off ako bukas
huy, nasaan ka na
nandito na po ako
salamat po
anong oras po
wala pa pong code
sige po
out na ko, tc`,
    yes: 'opo',
    help: 'tulong po',
  }),
  ...answersOf('zh-Hans', 'CN', {
    stop: `
TD
退订
退订，谢谢
请退订
取消订阅
不要再发
停止
T D
拒收`,
    leave: `
别再发了
不要发短信给我
别烦我
我要退订这个
不感兴趣
不想收到
骚扰电话
把我删了
拉黑了
不用了
滚
够了`,
    talk: `
谢谢
收到
好的
几点开门？
我在路上
还没收到验证码
明天到
取件码是多少
放门口吧
我开始了`,
    yes: '是的',
    help: '帮助',
  }),
  ...answersOf('zh-Hant', 'TW', {
    stop: `
退訂
請退訂，謝謝
取消訂閱
停止發送
不要再發
STOP`,
    leave: `
別再傳了
不要再傳簡訊給我
唔好再send
不想收到
沒興趣
別煩我
封鎖了
檢舉
不用了
把我刪除`,
    talk: `
謝謝
收到
幾點開門？
好的
還沒收到驗證碼
明天見
在路上
放門口就好
可以
請問在哪裡`,
    yes: '願意',
    help: '幫助',
    reaction: `
對「回覆退訂即可取消」按讚
對「回覆 STOP」大笑`,
  }),
  ...answersOf('hi', 'IN', {
    leave: `
बंद करो
बंद करें
कृपया बंद करें
रोको
मैसेज मत भेजो
मुझे मैसेज मत भेजिए
नहीं चाहिए
गलत नंबर
परेशान मत करो
मेरा नंबर हटाओ
band karo
message mat bhejo
nahi chahiye
interested nahi hu
galat number hai
pareshan mat karo
STOP`,
    talk: `
धन्यवाद
ठीक है
कितने बजे
कल आऊंगा
कोड नहीं आया
haan ji
theek hai
kal milte hai
दुकान कब खुलेगी
मैं रास्ते में हूं
kya hua`,
  }),
  ...answersOf('ta', 'IN', {
    leave: `
நிறுத்து
நிறுத்தவும்
நிறுத்துங்கள்
தயவுசெய்து நிறுத்துங்கள்
அனுப்ப வேண்டாம்
இனி அனுப்பாதீர்கள்
மெசேஜ் வேண்டாம்
தொந்தரவு செய்யாதீர்கள்
தவறான எண்
விருப்பமில்லை
போதும்
ஸ்டாப்`,
    talk: `
நன்றி
சரி
நாளை வருகிறேன்
எத்தனை மணிக்கு
கவலைப்பட வேண்டாம்
கோட் வரவில்லை
வந்துவிட்டேன்
கடை எங்கே
ஆமாம்
வணக்கம்`,
  }),
  ...answersOf('ko', 'KR', {
    leave: `
수신거부
수신 거부
수신거부 해주세요
중지
그만
그만 보내세요
문자 보내지 마세요
연락하지 마세요
관심없어요
번호 잘못 아셨어요
삭제해 주세요
차단합니다
해지
됐어요
스팸 신고합니다`,
    talk: `
네
감사합니다
몇 시에 열어요?
지금 가는 중이에요
인증번호가 안 와요
내일 갈게요
알겠습니다
문 앞에 두세요
주문했어요
안녕하세요`,
  }),
  ...answersOf('ja', 'JP', {
    leave: `
配信停止
配信停止希望
配信停止お願いします
停止してください
もう送らないでください
解除
解約したいです
受信拒否します
いりません
興味ありません
迷惑です
番号違いです
やめてください
ストップ
登録解除
結構です`,
    talk: `
ありがとうございます
了解です
何時に開きますか
今向かっています
コードが届きません
明日行きます
はい
玄関に置いてください
注文しました
こんにちは`,
  }),
] as const;
