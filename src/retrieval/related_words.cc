#include "retrieval/related_words.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <optional>

#include "base/text.h"
#include "retrieval/word_forms.h"

namespace cortex::retrieval {
namespace {

// "word: words that are said where it is asked for", several of them on a line, in the order of the
// alphabet. Base forms (word_forms.h) in lower case; small words do not belong here.
constexpr std::array kRelated = std::to_array<std::string_view>({
    "abroad: country overseas; accessory: necklace ring bag hat",
    "accident: crash hurt injury hospital; accomplish: achieve success finish; account: login",
    "achieve: accomplish success win milestone",
    "achievement: accomplish success win milestone proud; active: gym run walk hike exercise",
    "activist: protest rights march",
    "activity: paint hike swim camp run dance yoga read cook bake bike fish pottery game",
    "activity: museum picnic sport",
    "actor: movie; adapt: adjust change; addiction: drug alcohol sober",
    "adopt: adoption child shelter; adoption: adopt agency child; adult: grow",
    "adventure: trip travel hike explore; advice: suggest recommend tip",
    "advise: suggest recommend; afford: money cost; afraid: scare fear",
    "age: old year birthday; ai: model llm machine; airport: flight fly plane",
    "album: song record music; alcohol: wine beer drink; alert: monitor pager",
    "allergic: allergy reaction; allergy: allergic reaction; ambition: goal dream",
    "ancestor: family heritage; angry: mad upset furious",
    "animal: dog cat horse bird fish rabbit cow sheep pig bear lion elephant turtle snake zoo",
    "animal: wildlife farm",
    "anime: manga japanese; anniversary: celebrate wedding; annoy: frustrate",
    "anxiety: nervous stress worry; apartment: rent lease move; api: endpoint rest graphql",
    "apologize: sorry; app: phone download software; application: apply; apply: application",
    "aquarium: fish; architecture: design; area: neighborhood city; argue: fight disagree",
    "art: paint draw sculpture sketch gallery exhibit canvas pottery artist",
    "artist: paint singer band painter exhibit gallery; artistic: paint draw art",
    "artwork: paint draw sculpture canvas; ashamed: embarrass",
    "asia: japan china thailand india; aspire: dream become; assignment: school homework",
    "assist: help; asthma: breath inhaler; astronomy: star telescope planet",
    "athlete: team train game sport; attend: go; attribute: kind strong brave",
    "audience: crowd person; auth: login token oauth",
    "authentication: login token oauth password; author: book novel write; autumn: leaf",
    "award: prize win medal trophy recognize honor; awareness: campaign cause",
    "aws: s3 ec2 lambda cloud; baby: birth pregnant newborn born; babysit: child",
    "backend: server api; backup: restore snapshot; bake: cake cookie bread pie oven",
    "band: concert album singer; bank: money account; bar: drink beer pub",
    "barbecue: grill bbq; baseball: bat pitch inning; basketball: hoop court dunk",
    "battery: charge; beach: ocean sea sand surf wave; bear: forest",
    "beautiful: amaze gorgeous stunning; bee: honey; beer: bar pub brewery",
    "believe: think faith; benchmark: performance measure",
    "beverage: coffee tea wine beer juice; bike: ride cycle trail",
    "bilingual: spanish french language; bill: pay; biography: life book",
    "biology: science cell; bird: parrot eagle owl nest feather",
    "birthday: party cake celebrate gift turn; bitcoin: crypto; blog: write post",
    "blood: pressure test; boardgame: catan monopoly chess; boat: sail lake kayak",
    "book: read novel author story chapter series library fiction; bookshelf: book",
    "bookstore: book; boss: manager supervisor; box: punch ring glove; branch: git merge",
    "brave: courage fear; bread: bake flour; break: fix",
    "breakfast: egg pancake coffee morning; bride: dress; bridge: river; budget: money spend",
    "bug: error crash fix; build: construct compile ci; bunny: rabbit; bus: station stop",
    "business: store company startup customer client owner launch entrepreneur studio",
    "busy: work schedule; butterfly: flower; buy: purchase store new; cache: redis ttl",
    "cafe: coffee; cake: bake birthday; calm: relax peace meditate",
    "camera: photo lens shoot photography; camp: tent fire trail mountain forest",
    "cancel: postpone; cancer: chemo tumor; candy: sweet chocolate",
    "car: drive vehicle truck mechanic; card: poker deck",
    "career: job profession become work field degree counselor engineer teacher nurse lawyer",
    "career: doctor writer",
    "cartoon: animate draw; castle: tower palace; cat: kitten meow litter vet paw",
    "cause: charity fundraise raise awareness; celebrate: party birthday anniversary",
    "celebration: party birthday anniversary; celebrity: famous actor singer",
    "ceremony: wedding graduate; certificate: course complete tls ssl",
    "challenge: difficult hard struggle tough obstacle; championship: win title final",
    "chapter: book read; character: kind honest strong hero; charge: battery",
    "charity: donate volunteer fundraise cause raise; cheese: pizza",
    "chef: cook restaurant kitchen; chemistry: science lab; chicken: egg",
    "child: son daughter baby toddler boy girl; childhood: young child grow",
    "chocolate: sweet dessert; choose: decide pick; christmas: tree gift santa",
    "church: faith pray god; ci: pipeline build; circus: clown; citizen: country vote",
    "city: york paris london tokyo boston chicago seattle rome berlin barcelona town",
    "class: course learn lesson teacher workshop; classical: bach mozart piano symphony",
    "classmate: school class; clay: pottery bowl sculpt; client: customer",
    "climate: warm carbon; climb: rope rock peak",
    "clothes: dress shirt shoe jacket wear hat jeans",
    "clothing: dress shirt shoe jacket wear hat jeans; cloud: aws azure gcp",
    "club: member group; cluster: node kubernetes; coach: team train; code: function class",
    "coffee: cafe espresso latte; cold: sick cough; colleague: coworker team office",
    "collect: collection; collection: collect; college: university degree campus",
    "color: red blue green yellow purple pink orange black white",
    "comedy: funny laugh comedian; comfort: support hug; comic: superhero manga",
    "commit: git change; community: group local neighbor support; commute: train bus drive",
    "company: business firm startup employer; compete: contest tournament race win",
    "competition: contest tournament race win champion prize medal; compile: build compiler",
    "compiler: gcc clang; composer: bach mozart music",
    "computer: laptop software program code pc; concern: worry",
    "concert: band show perform festival live ticket crowd; condition: illness health disease",
    "conference: speaker talk; confidence: believe self; confident: believe self",
    "config: configure setting; configure: config setting; conflict: fight argue",
    "confuse: understand; contact: call phone email; container: docker kubernetes",
    "contest: competition win; continent: europe asia africa",
    "cook: recipe meal dinner dish kitchen; cost: price money expensive",
    "costume: halloween dress; counsel: therapy mental; counselor: therapy mental help",
    "country: france italy spain germany japan china england canada mexico brazil india",
    "country: australia ireland sweden greece turkey thailand",
    "courage: brave; course: class learn workshop; coverage: test; cpu: processor load",
    "craft: knit sew pottery crochet clay wood; crash: bug error",
    "creative: paint write draw music art design; credential: password token key",
    "crime: police steal; crowd: person; cruise: ship; cry: tear sad",
    "cuisine: food restaurant italian mexican chinese indian thai japanese",
    "culture: tradition heritage; curious: wonder interest; customer: client",
    "dance: ballet salsa hip studio; danger: risk unsafe; dangerous: risk unsafe",
    "dark: light theme; database: postgres mysql sqlite sql mongodb redis table schema",
    "date: girlfriend boyfriend romantic; daughter: girl child; db: database postgres sqlite",
    "deadline: due date; debt: loan credit; decide: choose decision",
    "decision: decide choose decided; decorate: decor wall paint",
    "degree: university college graduate major; delay: late postpone; delicious: tasty yummy",
    "deliver: order; dentist: tooth; dependency: package library",
    "deploy: release production rollout ship; deployment: deploy release production rollout",
    "depression: sad therapy; desert: sand; design: create architecture",
    "dessert: cake ice cream pie chocolate cookie pastry; destress: relax yoga walk run",
    "device: phone computer laptop tablet camera; diabetes: sugar insulin",
    "diagnose: doctor disease; diaper: baby; diary: journal write",
    "die: pass funeral lose grief; diet: vegan vegetarian eat healthy sugar calorie",
    "difficult: hard tough struggle challenge; difficulty: hard tough struggle challenge",
    "dinner: restaurant cook eat; disappoint: sad upset",
    "disaster: flood fire storm hurricane earthquake; discount: sale coupon; discover: find",
    "discrimination: discriminate unfair; discuss: talk; disease: cancer diabetes illness",
    "dish: cook recipe meal pasta chicken soup salad pizza curry; disk: storage space",
    "divorce: separate breakup split; docker: container image; docs: documentation readme",
    "doctor: hospital appointment checkup medical; documentary: movie watch",
    "documentation: docs readme; dog: puppy bark leash breed vet paw; dolphin: ocean",
    "donate: charity give raise; donation: donate give charity; downtown: city center",
    "dragon: fantasy; draw: sketch pencil art; dream: goal hope want",
    "drink: coffee tea wine beer juice water soda cocktail; drive: car road; drum: beat band",
    "easter: egg; eat: food meal dinner restaurant; editor: vim emacs vscode",
    "educate: school college university degree study class",
    "education: school college university degree study class course; elderly: old senior",
    "election: vote candidate; electric: car battery; electronic: phone computer laptop",
    "elephant: zoo safari; email: mail send; embarrass: awkward",
    "emergency: hospital ambulance",
    "emotion: happy sad angry proud excite nervous scared grateful; emotional: happy sad cry",
    "employ: job hire work; employer: company job boss; encourage: support motivate inspire",
    "encrypt: tls key; endpoint: api route; energy: power; engage: ring propose fiance",
    "engine: car; engineer: build design technical; enjoy: love fun favorite",
    "entrepreneur: business startup",
    "environment: climate recycle pollution nature planet staging production",
    "environmental: climate recycle pollution nature planet; equality: rights fair",
    "equipment: tool gear; error: bug crash fail exception; esports: tournament gaming team",
    "europe: france italy spain germany england paris london rome",
    "event: conference parade festival party concert workshop meet fair show ceremony",
    "exam: test study; exception: error; excite: thrill happy forward",
    "exercise: gym run yoga workout walk swim jog bike stretch lift train weight",
    "exhibit: museum gallery art; expense: cost money; expensive: cost price money",
    "explore: trip travel hike adventure; fail: mistake wrong; failure: error fail",
    "faith: church god pray",
    "family: mother father sister brother son daughter husband wife parent child grandmother",
    "family: grandfather aunt uncle cousin nephew niece",
    "famous: celebrity star; fan: favorite follow; fantasy: magic dragon wizard",
    "farm: cow chicken crop; farmer: farm crop; fashion: dress clothes style wear",
    "fast: quick speed; favorite: love good enjoy; fear: afraid scare phobia nervous",
    "feature: implement request; feel: happy sad proud excite nervous scared upset grateful",
    "feeling: happy sad proud excite nervous scared upset grateful",
    "festival: music celebrate parade band crowd; fever: sick flu; fiance: engage",
    "fiction: novel story; fight: argue conflict; finance: money budget debt loan save bank",
    "financial: money budget debt loan save bank; firefighter: fire rescue; fireworks: july",
    "fish: aquarium lake rod; fit: gym workout run exercise",
    "fitness: gym workout run yoga exercise; fix: repair; flavor: taste vanilla chocolate",
    "flight: fly plane airport; flirt: date; flower: rise sunflower lily tulip garden",
    "flu: sick fever",
    "food: eat cook meal pizza pasta chicken fish salad bread rice cheese soup dessert",
    "food: chocolate fruit vegetable recipe restaurant dinner lunch breakfast snack",
    "football: touchdown match league; foreign: country abroad; forest: tree wood hike",
    "forgive: sorry; format: json csv yaml; foster: adopt child",
    "framework: react django rails spring; friend: buddy pal mate; friendship: friend close",
    "frontend: react vue css ui; fruit: apple banana orange strawberry berry mango",
    "frustrate: annoy upset; fun: enjoy blast laugh game; function: method",
    "fundraise: charity donate raise; fundraiser: charity donate raise; funeral: died pass",
    "funny: laugh joke; furniture: table chair couch sofa desk bed; future: plan hope",
    "gadget: phone computer; gallery: exhibit art",
    "game: play console video chess board card puzzle soccer basketball football tournament",
    "gaming: game console play; garage: car; garden: plant flower vegetable grow",
    "gas: car fuel; gather: party family friend; gathering: party family friend",
    "gear: equipment; gender: transgender woman man transition",
    "generation: grandparent family",
    "genre: rock jazz pop classical comedy horror fantasy romance mystery thriller",
    "geography: map country; getaway: trip weekend holiday; ghost: haunt",
    "gift: present birthday give surprise buy; git: commit branch; glasses: eye vision",
    "goal: dream plan hope want achieve aim; golf: club course hole",
    "government: policy vote mayor; grade: school exam",
    "graduate: degree school college diploma; grandparent: grandmother grandfather",
    "grateful: thank appreciate; grief: lose pass die funeral; grill: bbq barbecue",
    "grocery: store food; groom: suit; group: member club support; guardian: parent",
    "guest: visit party; guide: tour; guilty: sorry regret; guitar: string chord play",
    "gymnastics: flip beam; habit: routine daily; hack: security; halloween: costume candy",
    "happiness: joy happy; happy: excite joy thrill; hardship: hard difficult tough lose",
    "harvest: crop garden; headache: pain migraine; headphones: music listen",
    "heal: recover good; health: doctor sick hospital illness diet weight pain medical",
    "healthy: diet vegetable exercise; heart: cardiac; help: support volunteer assist",
    "heritage: culture tradition; hike: trail mountain; hire: job offer interview",
    "history: museum war past",
    "hobby: paint draw read garden cook bake hike fish photography knit sew dance sing guitar",
    "hobby: piano run swim camp chess collect pottery yoga craft",
    "holiday: christmas thanksgiving easter halloween trip travel beach visit",
    "home: house apartment room; homeless: shelter; homesick: miss home; hometown: grow born",
    "homework: school assignment; honest: truth trust; honeymoon: wedding trip",
    "hope: wish want; horror: scary ghost monster; horse: ride stable saddle",
    "hospital: doctor surgery emergency; host: party guest; hostel: stay",
    "hotel: stay room book; house: home apartment move rent mortgage; hug: comfort",
    "hurt: injury pain; husband: marry partner spouse; ide: vscode intellij",
    "identity: gender transgender woman man gay lesbian",
    "illness: sick cancer disease hospital doctor; immigrant: immigrate country",
    "implement: build code; important: value matter mean; improve: good progress",
    "incident: outage alert; income: salary pay money job; influence: inspire",
    "infrastructure: terraform server; ingredient: recipe flour sugar butter",
    "injure: hurt knee ankle sprain",
    "injury: hurt knee ankle break sprain doctor pain hospital; insect: bug bee butterfly",
    "inspiration: inspire motivate; inspire: motivate influence role; install: setup",
    "instrument: guitar piano violin drum flute cello clarinet trumpet saxophone bass harp",
    "instrument: ukulele keyboard",
    "insurance: policy claim; interest: hobby enjoy love passion; intern: internship company",
    "international: country abroad; internet: online website",
    "internship: intern company summer; interview: job offer; invent: create",
    "invest: money stock; invitation: invite; island: beach; issue: problem trouble",
    "jazz: saxophone trumpet; jealous: envy; jewelry: necklace ring bracelet earring",
    "job: work hire boss office career company salary interview resume position employ",
    "job: promotion engineer teacher nurse manager lawyer shift",
    "join: sign member; journal: write diary; journalist: news article; journey: trip travel",
    "joy: happy; jungle: forest; kayak: river lake paddle; keyboard: type",
    "kindness: kind help; kiss: love; kitchen: cook; kitten: cat; knit: yarn scarf sweater",
    "knowledge: learn study; kubernetes: cluster pod; lake: swim water",
    "landlord: rent apartment; landmark: tower bridge monument",
    "landscape: mountain sunset paint",
    "language: spanish french german italian japanese english chinese; laptop: computer",
    "latency: slow performance; laugh: funny joke; law: lawyer legal; lawn: grass mow",
    "lawyer: court law case; leak: memory; learn: class lesson course teach study",
    "legal: lawyer law court; lesson: learn class teach; letter: mail write",
    "lgbtq: pride gay transgender queer parade; library: book read borrow package dependency",
    "license: drive; lint: format style; linux: ubuntu debian; lion: zoo safari",
    "literature: book novel poem; live: apartment house move city neighborhood home",
    "location: place city; log: trace; login: password auth; lonely: alone",
    "love: enjoy favorite passion; luggage: suitcase bag pack; lunch: sandwich salad eat",
    "machine: robot engine; magazine: article read; magic: wizard spell; major: degree study",
    "mall: store; manager: boss lead; map: route; marathon: run mile train",
    "market: store farmer buy; marriage: wedding husband wife marry",
    "marry: wedding husband wife engage bride groom ceremony",
    "martial: karate judo kickbox taekwondo boxing belt; massage: relax spa",
    "math: number algebra; mayor: city election; meal: dinner lunch breakfast eat cook",
    "mean: represent symbol; meaning: represent symbol mean; meat: beef chicken pork steak",
    "mechanic: car repair; medal: win gold race; media: post online video",
    "medical: doctor hospital health surgery; medicine: pill prescription doctor",
    "meditate: calm mindful yoga; meet: introduce; meeting: conference discuss",
    "memorable: memory remember special; memory: remember remind ram leak",
    "mental: therapy anxiety stress depression counsel; mentor: guide teach",
    "merge: branch pull; message: text send; metric: prometheus grafana; migrate: migration",
    "migration: schema migrate; milestone: first reach deadline",
    "military: army navy soldier veteran serve war; mindful: meditate breath",
    "miss: lose absent; mistake: wrong error; model: train llm",
    "money: save budget pay cost financial debt loan invest bank",
    "monitor: alert metric dashboard; monitoring: alert metric dashboard; monument: statue",
    "mood: happy sad; morning: breakfast wake; mortgage: house loan bank",
    "motivate: inspire encourage; motivation: inspire encourage drive",
    "mountain: hike peak climb ski trail; movie: watch cinema actor theater director scene",
    "museum: exhibit art history gallery",
    "music: song band concert guitar piano violin sing album listen playlist singer drum",
    "music: melody",
    "musical: song band guitar piano sing; musician: band singer song album guitarist",
    "nanny: babysit; nation: country; nationality: country born immigrate",
    "nature: hike forest mountain lake trail park river beach tree sunset waterfall",
    "neighbor: street next door; nervous: anxious scare; network: dns port",
    "news: article report; nickname: call name; nonprofit: charity organization",
    "nostalgia: memory childhood; novel: book read story; nurse: hospital patient",
    "nutrition: diet healthy vitamin; obstacle: hard difficult challenge",
    "ocean: sea beach wave whale dolphin; offer: give suggest; office: desk work",
    "old: age year; online: website internet; opera: sing theater",
    "operating: linux windows macos; opinion: think believe; optimize: fast performance speed",
    "option: flag setting; orchestra: violin symphony; organization: group charity volunteer",
    "orientation: gay lesbian bisexual; origin: home country born roots; orphan: adopt parent",
    "outage: incident; outdoor: hike camp park trail mountain beach lake forest",
    "outfit: dress shirt shoe jacket wear; outside: park walk hike",
    "package: dependency install; pain: hurt ache; paint: canvas watercolor brush draw art",
    "parade: march pride; parent: mother father; park: walk tree; participate: join attend",
    "partner: husband wife boyfriend girlfriend spouse dating",
    "party: celebrate birthday guest invite; passion: love dedicate; passionate: love care",
    "passport: visa travel; password: account login; pasta: spaghetti noodle; pastime: hobby",
    "patience: calm wait; patriotic: serve military country flag; peace: calm quiet",
    "perform: stage show concert",
    "performance: stage concert show play audience fast slow latency speed",
    "permission: access role; personality: kind honest brave care creative outgoing shy",
    "pet: dog cat puppy kitten rabbit hamster parrot turtle goldfish vet breed leash paw",
    "phone: call mobile; photo: camera photography shoot",
    "photography: camera photo lens shoot; physical: gym exercise workout run",
    "physics: science quantum; piano: keyboard play lesson; picnic: park food blanket",
    "pilot: fly plane; pipeline: ci build; pizza: cheese topping",
    "place: park beach city cafe restaurant museum country mountain lake",
    "plan: go want hope next; plane: fly flight airport; plant: garden flower tree seed grow",
    "play: game; player: team game; podcast: listen episode; poem: poetry write",
    "police: crime arrest; political: vote election government liberal conservative",
    "politics: vote election government party liberal conservative policy",
    "pollution: plastic air; pony: horse; poor: money struggle; portrait: paint face",
    "pottery: clay bowl pot kiln; pr: pull merge review; practice: train; prefer: like rather",
    "preference: prefer; pregnant: baby expect; preschool: child kindergarten",
    "present: gift birthday; presentation: slide talk speak; president: election government",
    "price: cost money; prize: win award; problem: issue trouble difficult",
    "production: prod deploy; profession: job career engineer teacher nurse lawyer doctor",
    "professor: university class; program: software code",
    "programming: python java rust javascript code; progress: improve",
    "project: build team deadline work; promotion: promote raise position",
    "protest: march rights sign; proud: accomplish achieve; proxy: nginx",
    "psychologist: therapy mental; publish: book article; pull: merge request; puppy: dog",
    "purchase: buy store; puzzle: chess jigsaw; quality: kind honest strong",
    "query: sql search; queue: kafka rabbitmq message; quit: resign leave; quote: say word",
    "rabbit: bunny; race: marathon run win; racism: discriminate; radio: listen; rap: hip",
    "read: book novel library; recent: last week yesterday; recently: last week yesterday",
    "recipe: cook bake ingredient; recommend: suggest advice try; recover: heal good",
    "recovery: heal good; recycle: waste plastic; refugee: immigrate flee",
    "refund: return money; regret: wish sorry",
    "relationship: boyfriend girlfriend husband wife partner dating single divorce breakup",
    "relationship: marry",
    "relative: aunt uncle cousin grandmother grandfather nephew niece",
    "relax: yoga meditate calm read walk bath peace unwind; release: deploy version ship",
    "religion: church god faith pray christian catholic muslim jewish bible",
    "religious: church god faith pray; relocate: move; remember: memory",
    "remind: memory symbol; renovate: repair remodel kitchen; rent: apartment lease",
    "repair: fix; repo: repository git; repository: repo git; represent: symbol mean",
    "reptile: snake lizard turtle; requirement: spec; rescue: save; research: study article",
    "reside: live home; rest: sleep relax; restaurant: dinner eat food menu chef",
    "restore: backup; retire: pension; revert: rollback undo; review: pull comment",
    "rights: equal protest; rise: flower; risk: danger; river: water kayak",
    "roadtrip: drive trip; robot: machine; role: model inspire; rollback: revert",
    "rollercoaster: ride; romantic: date boyfriend girlfriend love; room: bedroom kitchen",
    "roommate: apartment share; roots: heritage culture home country",
    "routine: morning daily habit; run: marathon race jog",
    "sad: upset cry disappointed heartbroken; safari: lion elephant; sail: boat",
    "salary: pay money raise; sale: discount buy; sauce: tomato pasta",
    "scare: afraid fear terrify nervous; schedule: time plan busy",
    "schema: table column migration; scholarship: college award",
    "school: class teacher student grade college university education",
    "science: biology physics chemistry research lab experiment; scientist: research lab",
    "screen: phone monitor; script: bash python; sculpture: clay statue",
    "seafood: fish shrimp crab lobster; season: summer winter spring fall autumn",
    "secret: tell hide; security: safe lock; seed: plant; senior: old elderly",
    "series: episode season book show; server: host deploy; setback: lose injury fail hard",
    "setting: config option; setup: install configure; sew: fabric stitch",
    "sexual: gay lesbian bisexual queer; shape: circle round square heart; shell: bash zsh",
    "shelter: homeless animal; ship: boat sail; shock: surprise",
    "show: watch series episode season; sibling: brother sister twin",
    "sick: doctor hospital flu fever illness; significance: mean important",
    "sing: song singer choir; single: dating breakup boyfriend girlfriend; size: big small",
    "skate: board rink ice; ski: snow slope resort; skill: learn practice",
    "sky: star cloud sunset; sleep: bed tire rest night; slow: latency performance",
    "smile: happy laugh; smoke: cigarette quit; snack: chocolate chip cookie fruit",
    "snake: reptile; soccer: goal match league; social: friend party media",
    "software: app code program; solar: energy panel; son: boy child",
    "song: music album sing lyric tune; sorry: apologize; soup: bowl cook",
    "souvenir: trip gift; spa: massage relax; space: planet star astronomy rocket",
    "speaker: sound; spec: requirement; special: unique favorite; speech: talk audience speak",
    "spicy: pepper curry hot; spiritual: church meditate faith god",
    "sport: soccer football basketball tennis baseball hockey swim run golf volleyball cycle",
    "sport: ski surf box team gym marathon",
    "spot: place cafe park; spouse: husband wife marry; spring: flower; sprint: scrum",
    "sql: query database; stadium: game match crowd; staging: deploy",
    "star: sky night telescope; state: california texas florida washington; stay: hotel",
    "stock: invest share; storage: disk s3 bucket; store: buy; storm: rain wind",
    "stream: twitch channel video; street: road",
    "stress: relax anxiety overwhelm pressure tire",
    "stressful: relax anxiety overwhelm pressure; struggle: hard difficult tough",
    "student: school class teacher; study: class exam degree school college research",
    "subject: math history science; suburb: neighborhood; success: achieve win accomplish",
    "suggest: recommend advice; suggestion: recommend advice try; suitcase: pack luggage",
    "summer: hot beach; sunflower: flower yellow; sunset: sky beach",
    "superhero: marvel batman spider comic; support: help encourage group",
    "supportive: help encourage; surf: wave board beach; surgery: operation hospital doctor",
    "surprise: unexpected; sweet: dessert candy cake sugar; swim: pool lake ocean",
    "symbol: represent mean remind; symbolize: represent mean remind; symptom: pain fever",
    "task: todo ticket; taste: flavor delicious; tax: money irs; tea: cup",
    "teach: class student lesson; teacher: class school student",
    "team: coach player league game; tech: computer software phone app",
    "technology: computer software phone app robot; teen: teenager; teenager: teen",
    "television: watch show; temple: buddha pray; tennis: racket court match",
    "test: exam pass unit coverage pytest; testing: test unit coverage",
    "thankful: thank appreciate grateful; thanksgiving: turkey; theater: play stage actor",
    "therapy: counsel therapist mental; thesis: research university",
    "ticket: concert game jira issue; timezone: utc; tire: sleep rest exhaust; toast: wedding",
    "toddler: child; todo: task; token: auth key; tool: hammer drill wrench see",
    "tour: guide visit; tourist: visit tour landmark",
    "tournament: win competition match champion; toy: doll lego puzzle; tradeoff: versus",
    "tradition: holiday family culture; traffic: car road",
    "train: class learn practice station railway",
    "trait: kind honest patient brave care creative; transport: car bus train bike subway",
    "travel: trip visit fly flight country abroad holiday hotel tour",
    "treat: cookie cake candy chocolate; treatment: therapy doctor medicine",
    "tree: forest leaf; trip: travel visit holiday flight hotel tour beach mountain",
    "trouble: problem issue; trust: honest rely; twin: brother sister",
    "unemployed: lay lose job; university: college degree campus; upcoming: plan soon",
    "update: upgrade version; upgrade: version update; upset: sad angry; vaccine: shoot",
    "value: important matter; vegan: plant diet",
    "vegetable: carrot tomato potato onion broccoli garden; vegetarian: vegan meat diet",
    "vehicle: car truck bike motorcycle van bus boat; version: release upgrade",
    "vet: dog cat sick; veteran: military army serve; video: watch movie youtube",
    "village: town; violin: string orchestra play; virus: computer",
    "visit: trip go travel tour; volcano: mountain",
    "volunteer: shelter charity community help donate homeless; war: army soldier battle",
    "watch: movie show series; water: lake river ocean swim; waterfall: hike",
    "wealthy: rich money; wear: dress shirt shoe jacket",
    "weather: rain snow sunny storm cold hot wind; website: online site page",
    "wedding: bride groom marry ceremony; weight: pound diet lose; whale: ocean",
    "wheel: car bike; wife: marry partner spouse; win: prize trophy medal champion first",
    "wine: bottle glass; winter: cold snow; wood: carve furniture",
    "workout: gym exercise run yoga train; workshop: class learn",
    "worry: anxious nervous concern; write: book poem story novel blog journal script essay",
    "writer: book novel story publish; writing: book poem story novel blog journal script",
    "yoga: stretch pose mat meditate; young: child; zoo: animal",
});

// A word that more lines than this name says too little about any of them.
constexpr std::size_t kBroaderMax = 4;

// Words by their first three letters, which a stemmer leaves alone.
class FirstLetters {
 public:
  void add(std::string_view word) {
    if (const auto place = place_of(word)) seen_.set(*place);
  }
  bool has(std::string_view word) const {
    const auto place = place_of(word);
    return place && seen_.test(*place);
  }

 private:
  static constexpr std::size_t kLetters = 3, kAlphabet = 37;  // letters, digits, none

  static std::optional<std::size_t> place_of(std::string_view word) {
    std::size_t place = 0;
    for (std::size_t i = 0; i < kLetters; ++i) {
      const char c = i < word.size() ? word[i] : '\0';
      std::size_t letter = kAlphabet - 1;
      if (c >= 'a' && c <= 'z') {
        letter = static_cast<std::size_t>(c - 'a');
      } else if (c >= '0' && c <= '9') {
        letter = 26 + static_cast<std::size_t>(c - '0');
      } else if (c != '\0') {
        return std::nullopt;
      }
      place = place * kAlphabet + letter;
    }
    return place;
  }

  std::bitset<kAlphabet * kAlphabet * kAlphabet> seen_;
};

template <typename Function>
void for_each_related_word(std::string_view words, const Function& function) {
  while (!words.empty()) {
    const std::size_t end = std::min(words.find(' '), words.size());
    function(words.substr(0, end));
    words.remove_prefix(std::min(end + 1, words.size()));
  }
}

class Finder {
 public:
  Finder(Analyzer& analyzer, std::string_view text, std::span<const QueryTerm> terms)
      : analyzer_(analyzer), terms_(terms) {
    for (const QueryTerm& term : terms) {
      if (term.field != Field::kBody) continue;
      asked_.add(base_form(to_lower_ascii(text.substr(term.begin, term.end - term.begin))));
    }
  }

  std::vector<RelatedWord> find() {
    std::vector<std::vector<Term>> narrower(terms_.size()), broader(terms_.size());
    for_each_related([&](std::string_view word, std::string_view related) {
      const auto asked = place_of(word);
      for_each_related_word(related, [&](std::string_view one) {
        if (asked) narrower[*asked].push_back(term_of(one));
        if (const auto of = place_of(one)) broader[*of].push_back(term_of(word));
      });
    });
    for (std::size_t of = 0; of < terms_.size(); ++of) put(narrower[of], of, false);
    for (std::size_t of = 0; of < terms_.size(); ++of) {
      if (broader[of].size() <= kBroaderMax) put(broader[of], of, true);
    }
    return std::move(found_);
  }

 private:
  Term term_of(std::string_view word) {
    analyzer_.analyze(word, tokens_);
    return tokens_.empty() ? 0 : tokens_.front().term;
  }
  // Of the question's word that `word` is, if it is one.
  std::optional<std::size_t> place_of(std::string_view word) {
    if (!asked_.has(word)) return std::nullopt;
    const auto same = std::ranges::find(terms_, term_of(word), &QueryTerm::term);
    if (same == terms_.end()) return std::nullopt;
    return static_cast<std::size_t>(same - terms_.begin());
  }
  void put(const std::vector<Term>& words, std::size_t of, bool broader) {
    for (const Term term : words) {
      if (found_.size() == kRelatedWordsMax) return;
      const bool known = std::ranges::find(terms_, term, &QueryTerm::term) != terms_.end() ||
                         std::ranges::find(found_, term, &RelatedWord::term) != found_.end();
      if (!known) found_.push_back({term, of, broader});
    }
  }

  Analyzer& analyzer_;
  std::span<const QueryTerm> terms_;
  FirstLetters asked_;
  std::vector<Token> tokens_;
  std::vector<RelatedWord> found_;
};

}  // namespace

void for_each_related(
    const std::function<void(std::string_view word, std::string_view related)>& entry) {
  for (std::string_view line : kRelated) {
    while (!line.empty()) {
      const std::size_t end = std::min(line.find("; "), line.size());
      const std::string_view one = line.substr(0, end);
      const std::size_t colon = one.find(": ");
      entry(one.substr(0, colon), one.substr(colon + 2));
      line.remove_prefix(std::min(end + 2, line.size()));
    }
  }
}

std::vector<RelatedWord> related_words(Analyzer& analyzer, std::string_view text,
                                       std::span<const QueryTerm> terms) {
  return Finder(analyzer, text, terms).find();
}

}  // namespace cortex::retrieval
