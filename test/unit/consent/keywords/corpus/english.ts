import { answersOf } from './answer.ts';

/**
 * Our own texts. The forms are those of public reports: politeness (SparkDevNetwork/Rock#7049, ProgressiveCoders/Spoke#1016),
 * slips of the finger and long texts (braze-inc/braze-docs#4028, ProgressiveCoders/Spoke#2184), other reasonable wording
 * (47 CFR 64.1200(a)(10), braze-inc/braze-docs#10177), words in passing (EmanHylooz/Abjjad#41), reactions
 * (moezbhatti/qksms#1330, quik-sms/quik#533).
 */
export const englishAnswers = answersOf('en', 'SG', {
  stop: `
STOP
Stop.
stop please
Pls stop, thanks
STOP!!!!
Stop. Thank you so much? Stop
Hi, stop. Thank you
S.T.O.P.
s-t-o-p
UNSUBSCRIBE
Unsubscribe me please
UN-SUBSCRIBE
un subscribe
unsub me
Opt out
OPT-OUT please
stop texting me
Stop all
stopall
QUIT
END
Cancel
revoke
STOP 🛑
STOP STOP STOP
YES STOP
remove me
Stop it now
ＳＴＯＰ
stop sending`,
  leave: `
Stpo
Sotp
Dtop
stoo
stip
STIOP
st0p
5top
stopp pls
sstop
stoppp
STOPSTOP
stop2quit
stopnow
pleasestop
st op
un-sub-scribe me from all of this
unsuscribe
Unsubcribe
unsubscibe please
unsubscirbe
UNSUBSCRlBE
cancle
cancell
canecl
ЅТОР
lose my number
Lose this number buddy
please take me off your list
Take my number off whatever list this is
remove my number from your system
Delete my number
kindly remove me from this group
leave me alone
Leave me the hell alone
go away
Get lost
Piss off
f off
don't text me again
Do not contact me any more
dont ever message this number
never text me again
No more texts
no more of these messages please
I don't want these texts
I do not wish to receive any promotional messages
not interested
Not interested, thanks
wrong number
You have the wrong person
I never signed up for this
How do I unsubscribe?
how do i stop this
I'm tired of your spam
enough already
Enough!
stop spamming my phone you muppets
I've asked twice, stop sending me these. I have told you that I moved away and do not need a dentist in that town any longer, and still you write to me every single Monday at six in the morning
STOP. I have told you twice that I am no longer a customer of yours and that I would like you to take this number out of your records for good. Regards, A. Tan, Bishan Street 12, Singapore
I will report you
reported as spam
blocked
pls dun msg me liao
dun disturb me
no need to send me this
count me out
opt me out of this
I want to opt out
withdraw my consent
please cease and desist
quit texting me
quit bugging me
can you make it stop
Please discontinue
cancel my subscription
goodbye
🛑
fuck off
end this`,
  talk: `
ok off
Out, thanks
Thanks, Huy
Thank you. Fin
ok tc
tc, see you
Out for lunch
I'm off at 5
At the end of the day it works
the weekend is fine
Can I come on Monday instead?
see you at the shop
next step?
top up done
I went to the shop and it was shut
Yes, at 5
No
no thanks
ok
OK, thank you
Thanks!
Sure
what time?
who is this
on my way
running late, 10 minutes
quite right
it was quiet
I need help with my order
when do you start
Please confirm
1
👍
Did you get the parcel?
I did not get the code
I didn't receive any code, resend please
code expired
my code is 4711
Where is your shop?
is it cancer
into town
I ended up at home
remote please
turn the lights off please
drop me at the door
the bus is late
call me later
text me the address
send me the link
I lost my phone
my new number is on file
delivered, thanks
leave it at the door
no messages yet
Happy new year!`,
  start: `
START
Unstop please`,
  yes: `
Yes
Y
Yes please!
yeah`,
  help: `
HELP
help please`,
  reaction: `
Liked “Reply STOP to end”
Loved “Your parcel arrives today. Reply STOP to opt out”
Disliked “Sale! Reply STOP to end”
Laughed at “STOP”
Emphasized “Reply STOP”
Questioned “Reply STOP to unsubscribe”
Liked "Reply STOP to end"
Reacted 😂 to “Reply STOP to end”
Removed a like from “Reply STOP to end”
Removed a heart from “Reply STOP”
👍 to “Reply STOP to end”
Liked an image
Loved a movie`,
});
