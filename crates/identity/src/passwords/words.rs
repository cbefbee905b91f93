//! What people choose when they don't think: the material of the blocklist.
//!
//! Chosen by hand; together with endings, replaced letters, years and doubling (see `policy`) it stands for many
//! thousands of passwords.

/// Common passwords and the words they are made of: folded (lower case, no accents, no replaced letters), by theme.
pub(super) const COMMON: &str = "
password passwort passwd pass passw passphrase pwd secret secrets topsecret default changeme change letmein
welcome login logon signin enter access access admin admins administrator root superuser user users username
guest guests test tests tester testing temp temporary demo example sample server system service support helpdesk
master access hello hallo whatever trustno trust nothing something anything blank none unknown private public
internet computer windows linux ubuntu debian android iphone samsung nokia google facebook instagram twitter
linkedin youtube yahoo gmail hotmail outlook microsoft office oracle cisco apple amazon netflix spotify adobe
company corporate business office manager director finance account accounts accounting sales marketing
upload download transfer exchange package document documents file files share sharing safe secure security

monkey dragon tiger lion eagle falcon hawk shadow bear wolf panther cougar jaguar dolphin turtle rabbit bunny
kitty kitten puppy doggy horse pony chicken spider snake cobra scorpion butterfly animal elephant penguin

iloveyou loveyou ilove love lover loveme lovely mylove babe baby babygirl babyboy angel angels sweetheart honey
sweetie sweet darling princess prince queen king beauty beautiful pretty cutie sexy hottie heaven forever family
friend friends mother father sister brother daddy mommy mama papa daughter grandma

sunshine summer winter spring autumn monday tuesday wednesday thursday friday saturday sunday january february
march april june july august september october november december morning midnight holiday christmas easter
birthday weekend rainbow flower flowers rose roses lily daisy jasmine cherry orange banana apple peach lemon
strawberry chocolate cookie cookies candy sugar pepper ginger coffee butter cheese pizza burger whisky vodka

football soccer baseball basketball hockey tennis golf boxing racing runner swimming fishing hunter ranger
arsenal chelsea liverpool manchester barcelona realmadrid juventus bayern sparta slavia yankees cowboys lakers
steelers eagles dallas chicago boston london paris berlin praha prague brno ostrava bratislava vienna newyork
america canada australia england germany france russia poland czech cesko ceska republika slovakia europe

superman batman spiderman ironman pokemon pikachu naruto starwars matrix startrek merlin gandalf hobbit
minecraft fortnite warcraft nintendo playstation xbox counter strike gamer gaming games playboy player phoenix
ninja samurai warrior knight killer soldier sniper captain pirate wizard magic mystic legend hero champion
winner victory freedom liberty justice power thunder lightning storm diamond silver golden gold platinum crystal
mustang ferrari porsche mercedes corvette camaro harley yamaha honda toyota skoda octavia audi volvo

michael jordan jennifer thomas robert daniel andrew joshua matthew charlie charles william george james john
david richard joseph anthony nicholas alexander alexandra maggie jessica ashley amanda michelle nicole daniela
hannah samantha sophie sofie olivia emma anna maria martin martina lukas jakub tomas petr pavel jiri honza
karel josef jaroslav miroslav vaclav frantisek zdenek ondrej marek michal filip adam vojta eva jana hana lenka
katerina lucie veronika petra tereza barbora monika alena ivana zuzana kristyna adela eliska natalie patrik

heslo hesla tajne tajneheslo mojeheslo mojehesla slunce slunicko lasko laska lasicka milacek miluju
milujute kocka kocicka pejsek zlato zlaticko beruska medvidek andel andilek princezna kvetina kytka ahoj ahojky
nazdar cauky prosim dekuji vitejte uzivatel spravce spravca server pocitac internet firma kancelar prace skola
skolka rodina maminka tatinek babicka dedecek domov chalupa leto zima jaro podzim pondeli utery streda ctvrtek
patek sobota nedele leden unor brezen duben kveten cerven cervenec srpen zari rijen listopad prosinec pivo
pivecko fotbal hokej kometa banik motorka auto traktor kralicek kral hovno prdel blbost nevim nikdy

correcthorsebatterystaple correct horse battery staple thequickbrownfox quickbrown lazydog tobeornottobe
maytheforcebewithyou lordoftherings harrypotter gameofthrones openthedoor opensesame abracadabra loremipsum
qwerty qwertz azerty asdf asdfgh zxcvbn yxcvbn abcabc abcd aabb aaaa abba zaqxsw trustnoone godisgood jesus
jesuschrist christ blessed faith heaven church bible letmeinplease ihateyou fuckyou fuckoff fucker asshole
bitch bullshit pussy dickhead
";

/// What fingers and counting walk along; read in both directions.
pub(super) const WALKS: &[&str] = &[
    "0123456789012345678901234567890",
    "abcdefghijklmnopqrstuvwxyzabc",
    "qwertyuiop[]",
    "qwertzuiop",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "yxcvbnm,.-",
    "azertyuiop",
    "qsdfghjklm",
    "wxcvbn",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1q2w3e4r5t6z7u8i9o0p",
    "1q2w3e4r5t6y7u8i9o0p",
    "1a2b3c4d5e6f7g8h9i",
    "a1b2c3d4e5f6g7h8i9",
    "!@#$%^&*()_+",
    "!\"§$%&/()=",
    "+ěščřžýáíé",
    "147258369",
    "159357",
    "789456123",
];
