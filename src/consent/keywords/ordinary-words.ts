/**
 * Ordinary words of the languages of the lists that are one or two edits away from an opt-out word, in the spelling of
 * `splitWords`. Found by comparing the keywords with the 30,000 most frequent words of each language in subtitles
 * (https://github.com/hermitdave/FrequencyWords, 2018); words that may well ask to stop were taken out again.
 */
export const ORDINARY_WORDS =
  'abenden abgeladen abhoren abrete abstellen abwenden agung air algo alo alt anhoren anmeldung annular ' +
  'annule annulee annules are arre arrest arreste ato atop aufheben aufholen aufhore auflosen aufzuhoren ' +
  'autoren baha baia bajas baka bata beende bencikan bererti berganti berhantu berhati berseni bestellen ' +
  'bresilien buy calcular cancelada cancelado cancelaram cancelare cancelarlo cancelaron canceled cancelei ' +
  'cancelo cancelou cancer candela canela canselor cantel canular carcel carrete cautelar chanceler cinto ' +
  'congelar cuit describir detenerme detenir dihentikan din duit ends finn foin fuit fun gaja gantikan ' +
  'garret gatal gentian gigil gin ginto gung guy haja henri hentakan hentakkan hentaman hentian hihinto ' +
  'hino hint hito hug huh huit hut huu huyt into itigal katao kelar kenaikan koko kuhentikan kut lancel ' +
  'loko lto lut mare melden meldung menaikan menti moko naja nantikan natal ned ngang ngong ngun nguong ' +
  'nhung nuit nung oft optou ouf our paar paare padre par parad pared pares pars parte pate petikan pinto ' +
  'pre put quat quet qui quid quiet quis quita quite quito quitt quiz quot refiler regulier relier rend ' +
  'replier resigner resilient resister resolver ressler retener revoie revoked riko rin robo rojo rok rokok ' +
  'rolo romo rook roto roxo ryoko said sait sali salid salto salur sari senti sentian sentiran sinto stomp ' +
  'stoop suit suntikan suspended tentukan terhenti tin titigil toko umhoren unsur uot vin yoko zuhoren ' +
  'выписать заменить записать записаться запишите изменить написать напишите обмена обменять опасаться ' +
  'описать опишите ответить отделить отмени отменил отменила отменили отмените отмены отменю отменять ' +
  'отметить отмечать отнимать отпуска отпускать отрицать отсосать оценить писать пишите подменить подписать ' +
  'подпишите пописать превратит превратить прекратил прекратила прекратили прекратим прекратит прекратится ' +
  'прекратиться прекратишь прекращать сменить сто стой стол стою стоя اتوقف اقف الغاز الغباء الغداء الغذاء ' +
  'الغطاء الغناء القاء الماء انتهاء انحاء انها اوقع اوقفنا تتوقف تتوقفوا تقف توقع توقفا توقفت توقفنا ستو ' +
  'ستون قفوا لانهاء موقف نتوقف نوقف واقف يتوقف يتوقفوا झुको दर्द रुक रुके रोका रोगो रोते रोने स्टॉक स्टोन ' +
  'स्टोर हटा हवाओ';
