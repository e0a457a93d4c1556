//! Which digits belong to which country: ITU-T E.164 (list of assigned country codes) and, under +1, the area codes of the
//! North American Numbering Plan. Facts only; whoever finds one outdated changes a line.

/// Calling codes and the longer prefixes that differ from them, as `digits country …`; the longest match counts.
const CODES: &str = "\
20 EG 211 SS 212 MA 2125288 EH 2125289 EH 213 DZ 216 TN 218 LY 220 GM 221 SN 222 MR 223 ML 224 GN 225 CI 226 BF 227 NE
228 TG 229 BJ 230 MU 231 LR 232 SL 233 GH 234 NG 235 TD 236 CF 237 CM 238 CV 239 ST 240 GQ 241 GA 242 CG 243 CD 244 AO
245 GW 246 IO 247 SH 248 SC 249 SD 250 RW 251 ET 252 SO 253 DJ 254 KE 255 TZ 256 UG 257 BI 258 MZ 260 ZM 261 MG 262 RE
262269 YT 262639 YT 263 ZW 264 NA 265 MW 266 LS 267 BW 268 SZ 269 KM 27 ZA 290 SH 291 ER 297 AW 298 FO 299 GL
30 GR 31 NL 32 BE 33 FR 34 ES 350 GI 351 PT 352 LU 353 IE 354 IS 355 AL 356 MT 357 CY 358 FI 35818 AX 359 BG 36 HU
370 LT 371 LV 372 EE 373 MD 374 AM 375 BY 376 AD 377 MC 378 SM 380 UA 381 RS 382 ME 383 XK 385 HR 386 SI 387 BA 389 MK
39 IT 3906698 VA 40 RO 41 CH 420 CZ 421 SK 423 LI 43 AT
44 GB 441481 GG 447781 GG 447839 GG 447911 GG 441534 JE 447509 JE 447797 JE 447937 JE 441624 IM 447524 IM 447624 IM 447924 IM
45 DK 46 SE 47 NO 4779 SJ 48 PL 49 DE
500 FK 501 BZ 502 GT 503 SV 504 HN 505 NI 506 CR 507 PA 508 PM 509 HT 51 PE 52 MX 53 CU 54 AR 55 BR 56 CL 57 CO 58 VE
590 GP 591 BO 592 GY 593 EC 594 GF 595 PY 596 MQ 597 SR 598 UY 5993 BQ 5994 BQ 5997 BQ 5999 CW
60 MY 61 AU 6189162 CC 6189164 CX 62 ID 63 PH 64 NZ 65 SG 66 TH 670 TL 6723 NF 6721 AQ 673 BN 674 NR 675 PG 676 TO 677 SB
678 VU 679 FJ 680 PW 681 WF 682 CK 683 NU 685 WS 686 KI 687 NC 688 TV 689 PF 690 TK 691 FM 692 MH
7 RU 76 KZ 77 KZ 81 JP 82 KR 84 VN 850 KP 852 HK 853 MO 855 KH 856 LA 86 CN 880 BD 886 TW
90 TR 91 IN 92 PK 93 AF 94 LK 95 MM 960 MV 961 LB 962 JO 963 SY 964 IQ 965 KW 966 SA 967 YE 968 OM 970 PS 971 AE 972 IL
973 BH 974 QA 975 BT 976 MN 977 NP 98 IR 992 TJ 993 TM 994 AZ 995 GE 996 KG 998 UZ";

/// Area codes under +1 outside the United States, as `country codes…;`.
const NORTH_AMERICA: &str = "\
CA 204 226 236 249 250 257 263 289 306 343 354 365 367 368 382 387 403 416 418 428 431 437 438 450 460 468 474 506 514 519
548 579 581 584 587 604 613 639 647 672 683 705 709 742 753 778 780 782 807 819 825 867 873 879 902 905 942;
AG 268; AI 264; AS 684; BB 246; BM 441; BS 242; DM 767; DO 809 829 849; GD 473; GU 671; JM 658 876; KN 869; KY 345; LC 758;
MP 670; MS 664; PR 787 939; SX 721; TC 649; TT 868; VC 784; VG 284; VI 340";

/// Area codes under +1 that belong to no country: toll-free, premium, personal and carrier services.
const NOWHERE: &str = "\
456 500 521 522 523 524 525 526 527 528 529 533 544 566 577 588 600 622 633 644 655 677 688 700 710 800 822 833 844 855 866
877 880 881 882 883 884 885 886 887 888 889 900";

/// The country of a number given as its digits, without `+`.
pub(super) fn country(digits: &str) -> Option<&'static str> {
    match digits.strip_prefix('1') {
        Some(national) => north_american(national.get(..3)?),
        None => longest(digits),
    }
}

fn longest(digits: &str) -> Option<&'static str> {
    let mut words = CODES.split_ascii_whitespace();
    let mut best: Option<(&str, &str)> = None;
    while let (Some(code), Some(country)) = (words.next(), words.next()) {
        if digits.starts_with(code) && best.is_none_or(|(found, _)| found.len() < code.len()) {
            best = Some((code, country));
        }
    }
    best.map(|(_, country)| country)
}

fn north_american(area: &str) -> Option<&'static str> {
    if NOWHERE.split_ascii_whitespace().any(|code| code == area) {
        return None;
    }
    // Area codes start with 2 to 9.
    if area.starts_with(['0', '1']) {
        return None;
    }
    for line in NORTH_AMERICA.split(';') {
        let mut words = line.split_ascii_whitespace();
        let country = words.next();
        if words.any(|code| code == area) {
            return country;
        }
    }
    Some("US")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_distinct(mut codes: Vec<&str>) {
        let count = codes.len();
        assert!(codes.iter().all(|code| code.bytes().all(|b| b.is_ascii_digit())));
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), count);
    }

    #[test]
    fn the_tables_hold_each_code_once_and_only_countries() {
        let words: Vec<_> = CODES.split_ascii_whitespace().collect();
        assert!(words.chunks(2).all(|pair| pair[1].len() == 2 && pair[1].bytes().all(|b| b.is_ascii_uppercase())));
        assert_distinct(words.chunks(2).map(|pair| pair[0]).collect());
        let areas = NORTH_AMERICA.split([' ', '\n', ';']).filter(|word| word.len() == 3);
        assert_distinct(areas.chain(NOWHERE.split_ascii_whitespace()).collect());
    }
}
