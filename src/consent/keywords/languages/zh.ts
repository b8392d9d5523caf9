import { type LanguageWords, OURS } from '../language-words.ts';

const TENCENT = 'https://intl.cloud.tencent.com/document/product/382/35474';
const GUIDE = 'https://www.weareallindividuals.com/html/5gcaixin/zenmetuidingduanxintuisong_15096.html';

const PARTICLES = '吧,了,啊,我要,我想,要';

export const simplifiedChinese = (): LanguageWords => ({
  language: 'zh-Hans',
  acts: true,
  lists: [
    { kind: 'opt-out', source: TENCENT, words: 'TD', use: 'everyday', usedIn: ['en'] },
    { kind: 'opt-out', source: GUIDE, words: '停止' },
    { kind: 'opt-out', source: OURS, words: '退订,取消订阅,不要再发,停止发送' },
    { kind: 'opt-out', source: OURS, words: '取消', use: 'ambiguous', usedIn: ['zh-Hans', 'zh-Hant', 'ja'] },
    { kind: 'opt-out', source: OURS, words: '拒收', use: 'ambiguous', usedIn: ['zh-Hans', 'zh-Hant'] },
    { kind: 'opt-in', source: OURS, words: '订阅,开始' },
    { kind: 'confirm', source: OURS, words: '是,是的,同意' },
    { kind: 'help', source: OURS, words: '帮助' },
  ],
  particles: PARTICLES,
  courtesy: '请,谢谢,感谢,麻烦,你好,您好',
  phrases:
    '别再发,不要发,别发,不要再给我发,别给我发,不想收到,不想再收到,不要短信,不感兴趣,没兴趣,别打扰,不要打扰,别烦我,别来烦,' +
    '骚扰,滚开,滚蛋,删除我,删掉我,把我删,移除,号码错,错号,拉黑,举报,投诉,垃圾短信,不要联系,别联系,烦死',
  alone: '退定,推订,QX,TUIDING,滚,别发了,不要,不用,不用了,不要了,不需要,不需要了,够,够了,走开,拒绝,烦',
  reactions: { source: OURS, forms: '赞了…,喜欢…,爱了…,不喜欢…,对…点了赞,对…表示喜欢,对…做出了#回应,# 至…' },
});

export const traditionalChinese = (): LanguageWords => ({
  language: 'zh-Hant',
  acts: true,
  lists: [
    { kind: 'opt-out', source: OURS, words: '退訂,取消訂閱,不要再發,停止發送' },
    { kind: 'opt-in', source: OURS, words: '訂閱,開始' },
    { kind: 'confirm', source: OURS, words: '願意' },
    { kind: 'help', source: OURS, words: '幫助' },
  ],
  particles: PARTICLES,
  courtesy: '請,謝謝,感謝,麻煩,你好,您好',
  phrases:
    '別再發,不要發,別發,不要再傳,別再傳,不要傳,唔好再send,唔好再,唔使,唔要,唔想收,不想收到,不想再收到,不感興趣,沒興趣,冇興趣,' +
    '別打擾,不要打擾,別煩我,騷擾,滾開,刪除我,把我刪,移除,錯號,封鎖,檢舉,舉報,投訴,垃圾簡訊,不要聯絡,煩死',
  alone: '滾,不用,不用了,不要,不要了,不需要,不需要了,夠,夠了,走開,拒絕,煩',
  reactions: {
    source: 'https://github.com/quik-sms/quik/pull/533',
    forms:
      '對…按讚,對…表達喜愛,對…按倒讚,對…大笑,對…加上驚嘆標記,對…加上問號標記,對…做出#反應,已移除對…的愛心,已移除對…的讚,' +
      '已移除對…的倒讚,已移除對…的笑臉反應,已移除對…的驚嘆標記,已移除對…的問號標記,已移除對…的#反應',
  },
});
