import { type LanguageWords, OURS } from '../language-words.ts';

const ESTADAO =
  'https://link.estadao.com.br/noticias/geral,publicidade-via-sms-podera-ser-bloqueada,10000035375';
const CONVOWEAR = 'https://convowear.ru/articles/kak-otklyuchit-uslugi-cherez-sms';

/** Brazil's regulator Anatel prescribes SAIR. */
export const portuguese = (): LanguageWords => ({
  language: 'pt',
  acts: false,
  lists: [
    { kind: 'opt-out', source: ESTADAO, words: 'SAIR', use: 'everyday' },
    {
      kind: 'opt-out',
      source: OURS,
      words:
        'DESCADASTRAR,CANCELAR INSCRIÇÃO,DESINSCREVER,DESCADASTRE,CANCELAR ASSINATURA,ME DESCADASTRE,NÃO QUERO MAIS',
    },
    { kind: 'opt-out', source: OURS, words: 'PARE,REMOVER,SUSPENDER,ENCERRAR', use: 'everyday' },
  ],
  courtesy: 'POR FAVOR,OBRIGADO,OBRIGADA,OLÁ,OI,AGORA,BOM DIA',
  phrases:
    'NÃO QUERO RECEBER,NÃO QUERO MAIS,NÃO DESEJO RECEBER,NÃO DESEJO MAIS,PAREM DE,PARE DE,PARA DE ME,PARA DE MANDAR,NÃO ME ENVIE,NÃO ME ENVIEM,' +
    'NÃO ENVIE MAIS,NÃO ENVIEM MAIS,NÃO ME MANDE,NÃO ME MANDEM,NÃO MANDE MAIS,NÃO MANDEM MAIS,NÃO ME LIGUE,NÃO ME LIGUEM,' +
    'NÃO ME PERTURBE,NÃO PERTURBE,ME DEIXE EM PAZ,ME DEIXEM EM PAZ,ME DEIXA EM PAZ,SEM INTERESSE,NÃO TENHO INTERESSE,' +
    'NÃO ESTOU INTERESSADO,NÃO ESTOU INTERESSADA,ME TIRE,ME TIREM,ME TIRA,TIRA MEU,TIREM MEU,TIRE MEU,REMOVA MEU,REMOVAM MEU,' +
    'ME REMOVA,ME REMOVAM,APAGUE MEU,APAGUEM MEU,EXCLUA MEU,EXCLUAM MEU,NÚMERO ERRADO,PESSOA ERRADA,CHEGA DE,' +
    'JÁ CHEGA,MUITAS MENSAGENS,VOU DENUNCIAR,VOU BLOQUEAR,DESCADASTRO,DESCADASTREM,CANCELEM,LGPD',
  alone:
    'ENGANO,CHEGA,BASTA,PARA,PAREM,FIM,NÃO QUERO,SAI,SAIA,FORA,BLOQUEAR,RECUSAR,EXCLUIR,APAGAR,DESATIVAR',
  reactions: {
    source: OURS,
    forms:
      'CURTIU …,GOSTOU DE …,AMOU …,ADOROU …,NÃO CURTIU …,NÃO GOSTOU DE …,RIU DE …,DEU ÊNFASE A …,ENFATIZOU …,QUESTIONOU …,' +
      'REAGIU COM # A …,REMOVEU # DE …,REMOVEU UMA CURTIDA DE …,REMOVEU UM CORAÇÃO DE …,# PARA …,# A …',
    things: 'UMA IMAGEM,UMA FOTO,UM VÍDEO,UM ANEXO',
  },
});

export const russian = (): LanguageWords => ({
  language: 'ru',
  acts: false,
  lists: [
    { kind: 'opt-out', source: CONVOWEAR, words: 'СТОП' },
    {
      kind: 'opt-out',
      source: OURS,
      words: 'ОТПИСКА,ОТПИСАТЬСЯ,ОТПИШИТЕ,ОТПИШИТЕ МЕНЯ,ОТПИСАТЬ,ОТКАЗ ОТ РАССЫЛКИ,ПРЕКРАТИТЕ,ПРЕКРАТИТЬ',
    },
    { kind: 'opt-out', source: OURS, words: 'ОТКЛЮЧИТЬ,ОТКЛЮЧИТЕ,ХВАТИТ', use: 'everyday' },
    { kind: 'opt-out', source: OURS, words: 'ОТМЕНА,ОТКАЗ,ОТМЕНИТЬ', use: 'ambiguous' },
  ],
  courtesy: 'ПОЖАЛУЙСТА,СПАСИБО,ЗДРАВСТВУЙТЕ,ПРИВЕТ,СРОЧНО,ПЛИЗ,ДОБРЫЙ ДЕНЬ',
  phrases:
    'НЕ ПИШИТЕ,НЕ ПИШИ,НЕ ПРИСЫЛАЙТЕ,НЕ ШЛИТЕ,НЕ ОТПРАВЛЯЙТЕ,НЕ ЗВОНИТЕ,НЕ БЕСПОКОЙТЕ,НЕ БЕСПОКОИТЬ,НЕ НАДО ПИСАТЬ,' +
    'НЕ ХОЧУ ПОЛУЧАТЬ,НЕ ЖЕЛАЮ ПОЛУЧАТЬ,НЕ ИНТЕРЕСУЕТ,НЕ ИНТЕРЕСНО,НЕИНТЕРЕСНО,УДАЛИТЕ МОЙ,УДАЛИТЕ МЕНЯ,УДАЛИТЕ НОМЕР,' +
    'УБЕРИТЕ МЕНЯ,УБЕРИТЕ МОЙ,ОСТАВЬТЕ МЕНЯ,ОТСТАНЬТЕ,ОТВАЛИТЕ,ОТВАЛИ,ОТСТАНЬ,ОТВЯЖИТЕСЬ,НАДОЕЛИ,НАДОЕЛО,' +
    'ОШИБЛИСЬ НОМЕРОМ,НЕ ТОТ НОМЕР,НЕПРАВИЛЬНЫЙ НОМЕР,СПАМ,ИДИТЕ НА,ИДИ НА,ПОШЛИ НА,ПОШЁЛ НА,ЗАБЛОКИРУЮ,' +
    'ПОЖАЛУЮСЬ,В ФАС,ОТЗЫВАЮ СОГЛАСИЕ,ОТПИСАЛСЯ,ОТПИСАЛАСЬ',
  alone: 'ДОСТАЛИ,НЕ НАДО,ДОСТАТОЧНО,НЕТ СПАСИБО,УДАЛИТЬ,ВЫЙТИ,КОНЕЦ,ОТВАЛ',
  reactions: {
    source: 'https://github.com/quik-sms/quik/pull/533',
    forms:
      'ПОНРАВИЛОСЬ …,ОЧЕНЬ ПОНРАВИЛОСЬ …,НЕ ПОНРАВИЛОСЬ …,ПОСМЕЯЛИСЬ НАД …,ОТМЕЧЕНО …,ПОСТАВЛЕН ВОПРОС НА …,' +
      'СЕРДЕЧКО УДАЛЕНО ИЗ …,ЛАЙК УДАЛЕН ИЗ …,ДИЗЛАЙК УДАЛЕН ИЗ …,УДАЛЕНО # ИЗ …,ЭМОДЗИ # НА …,# НА …,# К …',
  },
});
