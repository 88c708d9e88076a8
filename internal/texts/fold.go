package texts

import (
	"slices"
	"strings"
	"sync"
	"unicode"
)

// Fold returns the form in which names are compared, so that names that look the same on a menu are the same. Accents
// may be composed or decomposed, any run of spaces is one space, and surrounding spaces and invisible characters do not
// count. Case counts: "latte" is not on a menu that has "Latte".
func Fold(name string) string {
	if folded(name) {
		return name
	}
	runes := make([]rune, 0, len(name))
	for _, r := range name {
		switch {
		case unicode.IsSpace(r):
			runes = append(runes, ' ')
		case !unseen(r):
			runes = decompose(runes, r)
		}
	}
	// Accents on one letter may come in any order.
	for start := 0; start < len(runes); start++ {
		end := start
		for end < len(runes) && unicode.Is(unicode.Mn, runes[end]) {
			end++
		}
		slices.Sort(runes[start:end])
		start = max(start, end-1)
	}
	return strings.Join(strings.Fields(string(runes)), " ")
}

// Reads reports whether a name folds to a folded one. Printable ASCII at the start of a name stays as it is, so the
// first such character that differs decides.
func Reads(name, folded string) bool {
	same := 0
	for same < min(len(name), len(folded)) && name[same] == folded[same] && name[same] <= '~' {
		same++
	}
	switch {
	case same == len(name):
		return same == len(folded)
	case name[same] > ' ' && name[same] <= '~':
		return false
	}
	return Fold(name) == folded
}

// folded is a fast path for most names: printable ASCII, with single spaces inside.
func folded(name string) bool {
	space := true
	for i := range len(name) {
		if name[i] == ' ' && space || name[i] < ' ' || name[i] > '~' {
			return false
		}
		space = name[i] == ' '
	}
	return !space
}

// decompose appends a letter, decomposed.
func decompose(to []rune, r rune) []rune {
	if r < 0xC0 {
		return append(to, r)
	}
	// Hangul syllables are numbered by their parts.
	const first, last, lead, vowel, tail, vowels, tails = 0xAC00, 0xD7A3, 0x1100, 0x1161, 0x11A7, 21, 28
	if first <= r && r <= last {
		r -= first
		to = append(to, lead+r/(vowels*tails), vowel+r/tails%vowels)
		if r%tails > 0 {
			to = append(to, tail+r%tails)
		}
		return to
	}
	if parts, composed := compositions()[r]; composed {
		return append(decompose(to, parts[0]), parts[1])
	}
	return append(to, r)
}

// compositions are the letters whose canonical decomposition is two characters.
var compositions = sync.OnceValue(func() map[rune][2]rune {
	all := map[rune][2]rune{}
	for mark, letters := range accented {
		pairs := []rune(letters)
		for i := 0; i < len(pairs); i += 2 {
			all[pairs[i+1]] = [2]rune{pairs[i], mark}
		}
	}
	return all
})

// accented has, for each accent, the letters without and with it: the canonical decompositions of the Unicode Character
// Database for the scripts that menus are written in, which are Latin, modern Greek, Cyrillic, Arabic, those of India
// and Burma, and kana.
var accented = map[rune]string{
	0x0300: "AÀEÈIÌOÒUÙaàeèiìoòuùÜǛüǜNǸnǹЕЀИЍеѐиѝĒḔēḕŌṐōṑWẀwẁÂẦâầĂẰăằÊỀêềÔỒôồƠỜơờƯỪưừYỲyỳ",
	0x0301: "AÁEÉIÍOÓUÚYÝaáeéiíoóuúyýCĆcćLĹlĺNŃnńRŔrŕSŚsśZŹzźÜǗüǘGǴgǵÅǺåǻÆǼæǽØǾøǿΑΆΕΈΗΉΙΊΟΌΥΎΩΏϊΐαάεέηήιίϋΰοό" +
		"υύωώϒϓГЃКЌгѓкќÇḈçḉĒḖēḗÏḮïḯKḰkḱMḾmḿÕṌõṍŌṒōṓPṔpṕŨṸũṹWẂwẃÂẤâấĂẮăắÊẾêếÔỐôốƠỚơớƯỨưứ",
	0x0302: "AÂEÊIÎOÔUÛaâeêiîoôuûCĈcĉGĜgĝHĤhĥJĴjĵSŜsŝWŴwŵYŶyŷZẐzẑẠẬạậẸỆẹệỌỘọộ",
	0x0303: "AÃNÑOÕaãnñoõIĨiĩUŨuũVṼvṽÂẪâẫĂẴăẵEẼeẽÊỄêễÔỖôỗƠỠơỡƯỮưữYỸyỹ",
	0x0304: "AĀaāEĒeēIĪiīOŌoōUŪuūÜǕüǖÄǞäǟȦǠȧǡÆǢæǣǪǬǫǭÖȪöȫÕȬõȭȮȰȯȱYȲyȳИӢиӣУӮуӯGḠgḡḶḸḷḹṚṜṛṝ",
	0x0306: "AĂaăEĔeĕGĞgğIĬiĭOŎoŏUŬuŭУЎИЙийуўЖӁжӂАӐаӑЕӖеӗȨḜȩḝẠẶạặ",
	0x0307: "CĊcċEĖeėGĠgġIİZŻzżAȦaȧOȮoȯBḂbḃDḊdḋFḞfḟHḢhḣMṀmṁNṄnṅPṖpṗRṘrṙSṠsṡŚṤśṥŠṦšṧṢṨṣṩTṪtṫWẆwẇXẊxẋYẎyẏſẛ",
	0x0308: "AÄEËIÏOÖUÜaäeëiïoöuüyÿYŸΙΪΥΫιϊυϋϒϔЕЁІЇеёіїАӒаӓӘӚәӛЖӜжӝЗӞзӟИӤиӥОӦоӧӨӪөӫЭӬэӭУӰуӱЧӴчӵЫӸыӹHḦhḧÕṎõṏŪṺ" +
		"ūṻWẄwẅXẌxẍtẗ",
	0x0309: "AẢaảÂẨâẩĂẲăẳEẺeẻÊỂêểIỈiỉOỎoỏÔỔôổƠỞơởUỦuủƯỬưửYỶyỷ",
	0x030A: "AÅaåUŮuůwẘyẙ",
	0x030B: "OŐoőUŰuűУӲуӳ",
	0x030C: "CČcčDĎdďEĚeěLĽlľNŇnňRŘrřSŠsšTŤtťZŽzžAǍaǎIǏiǐOǑoǒUǓuǔÜǙüǚGǦgǧKǨkǩƷǮʒǯjǰHȞhȟ",
	0x030F: "AȀaȁEȄeȅIȈiȉOȌoȍRȐrȑUȔuȕѴѶѵѷ",
	0x0311: "AȂaȃEȆeȇIȊiȋOȎoȏRȒrȓUȖuȗ",
	0x031B: "OƠoơUƯuư",
	0x0323: "BḄbḅDḌdḍHḤhḥKḲkḳLḶlḷMṂmṃNṆnṇRṚrṛSṢsṣTṬtṭVṾvṿWẈwẉZẒzẓAẠaạEẸeẹIỊiịOỌoọƠỢơợUỤuụƯỰưựYỴyỵ",
	0x0324: "UṲuṳ",
	0x0325: "AḀaḁ",
	0x0326: "SȘsșTȚtț",
	0x0327: "CÇcçGĢgģKĶkķLĻlļNŅnņRŖrŗSŞsşTŢtţEȨeȩDḐdḑHḨhḩ",
	0x0328: "AĄaąEĘeęIĮiįUŲuųOǪoǫ",
	0x032D: "DḒdḓEḘeḙLḼlḽNṊnṋTṰtṱUṶuṷ",
	0x032E: "HḪhḫ",
	0x0330: "EḚeḛIḬiḭUṴuṵ",
	0x0331: "BḆbḇDḎdḏKḴkḵLḺlḻNṈnṉRṞrṟTṮtṯZẔzẕhẖ",
	0x0653: "اآ",
	0x0654: "اأوؤيئەۀہۂےۓ",
	0x0655: "اإ",
	0x093C: "नऩरऱळऴकक़खख़गग़जज़डड़ढढ़फफ़यय़",
	0x09BC: "ডড়ঢঢ়যয়",
	0x09BE: "েো",
	0x09D7: "েৌ",
	0x0A3C: "ਲਲ਼ਸਸ਼ਖਖ਼ਗਗ਼ਜਜ਼ਫਫ਼",
	0x0B3C: "ଡଡ଼ଢଢ଼",
	0x0B3E: "େୋ",
	0x0B56: "େୈ",
	0x0B57: "େୌ",
	0x0BBE: "ெொேோ",
	0x0BD7: "ஒஔெௌ",
	0x0C56: "ెై",
	0x0CC2: "ೆೊ",
	0x0CD5: "ಿೀೆೇೊೋ",
	0x0CD6: "ೆೈ",
	0x0D3E: "െൊേോ",
	0x0D57: "െൌ",
	0x0DCA: "ෙේොෝ",
	0x0DCF: "ෙො",
	0x0DDF: "ෙෞ",
	0x102E: "ဥဦ",
	0x3099: "かがきぎくぐけげこごさざしじすずせぜそぞただちぢつづてでとどはばひびふぶへべほぼうゔゝゞカガキギクグケゲコゴサザシジスズセゼソゾタダチヂツヅテデトドハバヒビフブヘベホボウヴワヷヰヸヱヹヲヺヽヾ",
	0x309A: "はぱひぴふぷへぺほぽハパヒピフプヘペホポ",
}

// unseen reports whether a character is invisible: an odd space, a joiner, a separator, a mark of direction, a
// variation selector, a filler, or an unassigned character.
func unseen(r rune) bool {
	const blankBraille = '\u2800'
	return !unicode.IsPrint(r) || r == blankBraille ||
		unicode.In(r, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}
