import { answersOf } from './answer.ts';

/** Our own texts, in the forms of the public reports named in english.ts. No native speaker has read them. */
export const europeanAnswers = [
  ...answersOf('fr', 'FR', {
    stop: `
STOP
ARRET
arrêtez svp
Arrêt. Merci
Désabonnement
me désabonner
STOP merci
Désinscription svp
FIN`,
    leave: `
ne m'écrivez plus
Je ne veux plus recevoir vos sms
plus de sms svp
laissez-moi tranquille
foutez moi la paix
retirez mon numéro de votre liste
pas intéressé
mauvais numéro
désabonement
desinscripton
aretez
ça suffit
cessez de me harceler
trop de messages
supprimez mon numéro`,
    talk: `
merci
d'accord
à quelle heure ?
j'arrive
fin de journée c'est bon
en fin de semaine
je n'ai pas reçu le code
la boutique est où ?
oui à 5h
la nuit c'est calme
bonne fête`,
    yes: `
Oui
oui merci`,
    help: 'aide svp',
    reaction: `
A aimé « Répondez STOP »
A adoré « Envoyez STOP au 36111 »
A ri de « STOP au 36111 »
A réagi avec 😂 à « STOP »`,
  }),
  ...answersOf('de', 'DE', {
    stop: `
STOPP
Stop bitte
ABMELDEN
Bitte abmelden, danke
Abmeldung
abbestellen
aufhören
Widerruf`,
    leave: `
abmeldne
abmeldn
keine SMS mehr
Bitte keine Nachrichten mehr
lasst mich in Ruhe
Schreiben Sie mir nicht mehr. Kein Interesse
kein Interesse
falsche Nummer
löschen Sie meine Nummer
nehmen Sie mich aus dem Verteiler
ich will keine Werbung
das nervt
Schluss damit
hört auf mir zu schreiben
verpisst euch`,
    talk: `
danke
alles klar
um wie viel Uhr?
bin unterwegs
Top, danke
Code kam nicht an
ich melde mich
Anmeldung hat geklappt
am Ende der Straße
Feierabend um 5
ja um 5`,
    yes: `
Ja
ja bitte`,
    help: 'Hilfe bitte',
    reaction: `
Gefällt: „Antworten Sie mit STOPP“
„STOPP zum Abmelden“ ein Herz hinzugefügt
Hat mit 😂 auf „STOPP“ reagiert`,
  }),
  ...answersOf('es', 'MX', {
    stop: `
BAJA
STOP
cancelar
parar
darme de baja por favor
no más mensajes
SALIR
desuscribir
detener por favor`,
    leave: `
no me escriban más
No quiero recibir más mensajes
dejen de mandar mensajes
déjenme en paz
no me interesa
número equivocado
borren mi número
eliminen mis datos de su lista
baja por favor
denme de baja
desuscrbir
basta ya
ya no quiero mensajes
no molesten
los voy a denunciar`,
    talk: `
gracias
de acuerdo
¿a qué hora?
voy en camino
baja tú y yo subo
es un edificio alto
para mañana
no me llegó el código
salió ayer
al fin llegó
quiero pagar`,
    yes: `
Sí
si gracias`,
    help: 'ayuda',
    reaction: `
Le gusta “Responda BAJA”
Le encantó “Responda STOP”
Reaccionó con 😂 a “STOP”`,
  }),
  ...answersOf('pt', 'BR', {
    leave: `
SAIR
sair por favor
descadastrar
PARE
não quero mais receber
parem de mandar mensagem
não me mande mais sms
me tira dessa lista
número errado
não tenho interesse
me deixa em paz
remova meu número
chega
vou denunciar
me descadastre
descadastar
STOP`,
    talk: `
obrigado
ok
que horas?
estou a caminho
vou sair agora
para amanhã
o código não chegou
cheguei
pode deixar na portaria
bom dia
a loja abre quando`,
    reaction: 'Curtiu “Responda SAIR”',
  }),
  ...answersOf('ru', 'RU', {
    leave: `
СТОП
стоп пожалуйста
Отписка
отписаться
отпишите меня
не пишите мне больше
Хватит
больше не присылайте смс
не интересует
удалите мой номер
отстаньте
вы ошиблись номером
надоели
отписатся
прекратите
отказ
STOP`,
    talk: `
спасибо
хорошо
во сколько?
я еду
денег хватит
код не пришёл
буду завтра
написать вам позже?
где магазин
стою у двери
да`,
    reaction: 'Понравилось «Отправьте СТОП»',
  }),
  ...answersOf('ar', 'AE', {
    leave: `
إيقاف
ايقاف
توقف
إلغاء الاشتراك
الغاء الاشتراك لو سمحت
أوقفوا الرسائل
لا ترسلوا لي
لا أريد هذه الرسائل
غير مهتم
رقم خطأ
احذفوا رقمي
كفى
إزعاج
اتركوني
STOP`,
    talk: `
شكرا
تمام
متى تفتحون؟
أنا في الطريق
لم يصل الرمز
غدا إن شاء الله
أين المحل
نعم
وصلت
مرحبا`,
  }),
  ...answersOf('it', 'IT', {
    leave: `
disiscrivimi
Disiscrivetemi per favore
cancellami
cancellatemi subito
annulla
basta
basta messaggi
non voglio ricevere i vostri sms
non mi interessa
smettetela di scrivermi
numero sbagliato
toglietemi dalla lista
non contattatemi
disiscrizione grazie`,
    talk: `
grazie
va bene
a che ora aprite?
sono in arrivo
non ho ricevuto il codice
posso annullare il mio ordine?
ci vediamo domani
fine del mese
basta la ricevuta?
dove siete?
sì
ciao`,
  }),
  ...answersOf('nl', 'NL', {
    leave: `
afmelden
Afmelden aub
uitschrijven
uitschrijving graag
stoppen
geen berichten meer
ik wil geen sms van jullie
stuur mij geen reclame
meld mij af
verwijder mijn nummer
verkeerd nummer
niet geïnteresseerd
laat me met rust
genoeg`,
    talk: `
bedankt
ok prima
hoe laat zijn jullie open?
ik kom eraan
ik heb de code niet gekregen
kan ik annuleren tot morgen?
tot morgen
de bus stopt hier niet
waar is de winkel
ja
genoeg tijd om te komen
hallo`,
  }),
  ...answersOf('tr', 'TR', {
    leave: `
iptal
İPTAL
ıptal
RED
ret
sms iptal
mesaj atmayın
mesaj almak istemiyorum
beni listeden çıkarın
numaramı silin
yanlış numara
rahatsız etmeyin lütfen
durdur
yeter
abonelikten çık`,
    talk: `
teşekkürler
tamam
saat kaçta açıyorsunuz?
yoldayım
kod gelmedi
yarın gelirim
dur bakalım bir düşüneyim
nerede kaldınız
kapıdayım
evet
siparişim ne zaman gelir
merhaba`,
  }),
  ...answersOf('pl', 'PL', {
    leave: `
wypisz
wypisz mnie proszę
rezygnuję
rezygnacja
Rezygnuje
nie wysyłajcie mi więcej sms
nie chcę otrzymywać wiadomości
proszę usunąć mój numer
usuńcie mnie z listy
zły numer
nie jestem zainteresowany
cofam zgodę
dość
przestań
koniec`,
    talk: `
dziękuję
ok
o której otwieracie?
już jadę
kod nie przyszedł
będę jutro
koniec miesiąca mi pasuje
gdzie jest sklep
stoję pod drzwiami
tak
dość dobrze
dzień dobry`,
  }),
] as const;
