import { type LanguageWords, OURS } from '../language-words.ts';

const KOREA = 'https://www.korea.kr/news/policyNewsView.do?newsId=148942805';
const SHANON =
  'https://support.shanon.co.jp/hc/ja/articles/13998902856985-SMS%E6%A9%9F%E8%83%BD%E5%88%A9%E7%94%A8%E3%81%AE%E6%B3%A8%E6%84%8F%E7%82%B9';

/** Korean and Japanese are compared syllable by syllable, so a word is also found inside a longer one. */
export const korean = (): LanguageWords => ({
  language: 'ko',
  acts: false,
  lists: [
    { kind: 'opt-out', source: KOREA, words: '수신거부' },
    { kind: 'opt-out', source: OURS, words: '수신 거부,무료거부,중지,그만,구독취소,수신취소,정지,스톱,스탑' },
    { kind: 'opt-out', source: OURS, words: '해지,거부,취소,거절', use: 'ambiguous' },
  ],
  particles: '요,해주세요,해 주세요,합니다,할게요,부탁드립니다,부탁드려요',
  courtesy: '감사합니다,안녕하세요,죄송합니다,고마워요',
  phrases:
    '보내지마,보내지 마,보내지말,보내지 말,그만보내,그만 보내,연락하지마,연락하지 마,연락하지 말,문자하지마,문자 하지 마,전화하지마,' +
    '전화하지 마,받고 싶지 않,받기 싫,관심없,관심 없,잘못 보내,번호 잘못,잘못된 번호,삭제해,지워주세요,지워 주세요,차단,신고,스팸,꺼져,귀찮,' +
    '탈퇴,철회,안 받을,안받을,필요없,필요 없',
  alone: '끝,됐어요,됐습니다,싫어요,싫어,안해요,종료,나가기',
  reactions: {
    source: OURS,
    forms: '…에 좋아요를 표시함,…에 하트를 표시함,…을 좋아함,…를 좋아함,…에 # 반응을 보임,…에 #',
  },
});

export const japanese = (): LanguageWords => ({
  language: 'ja',
  acts: false,
  lists: [
    { kind: 'opt-out', source: SHANON, words: '配信停止' },
    {
      kind: 'opt-out',
      source: OURS,
      words: '配信停止希望,受信拒否,登録解除,解約,退会,ストップ,すとっぷ,配信解除,購読解除',
    },
    { kind: 'opt-out', source: OURS, words: '解除,中止,キャンセル,拒否', use: 'ambiguous' },
  ],
  particles: 'です,お願いします,おねがいします,してください,して下さい,したい,希望',
  courtesy: 'ありがとう,ありがとうございます,すみません,こんにちは,お願いします',
  phrases:
    '送らないで,送信しないで,送って来ないで,送ってこないで,連絡しないで,電話しないで,やめて,止めて,とめて,いりません,要りません,不要です,' +
    '必要ありません,興味ありません,興味がありません,興味ない,迷惑,削除して,消して,番号違い,間違い電話,人違い,うざい,うるさい,しつこい,' +
    '通報,ブロック,受け取りたくない,受信したくない,停止して,解除して,いらない',
  alone: '不要,結構です,もういい,終了,終わり,嫌です,いや',
  reactions: {
    source: OURS,
    forms:
      '…に「いいね」しました,…にいいねしました,…をハートしました,…に#でリアクションしました,…を強調しました,…に#',
  },
});
