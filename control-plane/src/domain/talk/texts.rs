//! What we say of our own accord on a call that we made, and write to somebody who wrote back, in the languages we know. What
//! people configure is said instead where they did.

/// The sentences of one language.
#[derive(Clone, Copy, Debug)]
pub struct Texts {
    /// The usual message; `{name}`, `{title}` and `{minutes}` are filled in.
    pub reminder: &'static str,
    /// Which key means what.
    pub menu: &'static str,
    /// The key that ends all calls.
    pub opt_out: &'static str,
    /// After a key that means nothing.
    pub not_understood: &'static str,
    /// It is stored that the person comes.
    pub joined: &'static str,
    /// It is stored that the person does not come.
    pub missed: &'static str,
    /// It is stored that the person is not called again.
    pub opted_out: &'static str,
    /// Somebody answered it before.
    pub already: &'static str,
    /// The same with the name.
    pub already_by: &'static str,
    /// The end.
    pub goodbye: &'static str,
    /// Written back: it is stored that the person comes; `{title}` is filled in here and below.
    pub wrote_joined: &'static str,
    /// Written back: it is stored that the person does not come.
    pub wrote_missed: &'static str,
    /// Written back: somebody answered it before.
    pub wrote_already: &'static str,
    /// The same with `{name}`.
    pub wrote_already_by: &'static str,
    /// Written back: there is nothing that their word could be about.
    pub wrote_nothing: &'static str,
}

const ENGLISH: Texts = Texts {
    reminder: "Hello {name}. Your event {title} starts in {minutes} minutes.",
    menu: "Press 1 if you join. Press 2 if you cannot.",
    opt_out: "Press 9 if you do not want to be called again.",
    not_understood: "We did not understand that key.",
    joined: "Thank you. We have noted that you join. Goodbye.",
    missed: "Thank you. We have noted that you cannot join. Goodbye.",
    opted_out: "We will not call you again. Goodbye.",
    already: "This has been answered already. Goodbye.",
    already_by: "This has been answered already by {by}. Goodbye.",
    goodbye: "Goodbye.",
    wrote_joined: "Thank you. We have noted that you join {title}.",
    wrote_missed: "Thank you. We have noted that you cannot join {title}.",
    wrote_already: "Thank you. {title} has been answered already.",
    wrote_already_by: "Thank you. {title} has been answered already by {name}.",
    wrote_nothing: "Thank you. Nothing is waiting for your answer.",
};

const GERMAN: Texts = Texts {
    reminder: "Hallo {name}. Ihr Termin {title} beginnt in {minutes} Minuten.",
    menu: "Drücken Sie die eins, wenn Sie teilnehmen. Drücken Sie die zwei, wenn Sie nicht können.",
    opt_out: "Drücken Sie die neun, wenn Sie nicht mehr angerufen werden möchten.",
    not_understood: "Diese Taste haben wir nicht verstanden.",
    joined: "Danke. Wir haben notiert, dass Sie teilnehmen. Auf Wiederhören.",
    missed: "Danke. Wir haben notiert, dass Sie nicht teilnehmen. Auf Wiederhören.",
    opted_out: "Wir rufen Sie nicht mehr an. Auf Wiederhören.",
    already: "Das ist schon beantwortet. Auf Wiederhören.",
    already_by: "Das hat {by} schon beantwortet. Auf Wiederhören.",
    goodbye: "Auf Wiederhören.",
    wrote_joined: "Danke. Wir haben notiert, dass Sie an {title} teilnehmen.",
    wrote_missed: "Danke. Wir haben notiert, dass Sie an {title} nicht teilnehmen können.",
    wrote_already: "Danke. {title} ist schon beantwortet.",
    wrote_already_by: "Danke. {title} hat {name} schon beantwortet.",
    wrote_nothing: "Danke. Es ist nichts offen, das auf Ihre Antwort wartet.",
};

const FRENCH: Texts = Texts {
    reminder: "Bonjour {name}. Votre rendez-vous {title} commence dans {minutes} minutes.",
    menu: "Appuyez sur 1 si vous participez. Appuyez sur 2 si vous ne pouvez pas.",
    opt_out: "Appuyez sur 9 pour ne plus être appelé.",
    not_understood: "Nous n'avons pas compris cette touche.",
    joined: "Merci. Nous avons noté que vous participez. Au revoir.",
    missed: "Merci. Nous avons noté que vous ne pouvez pas participer. Au revoir.",
    opted_out: "Nous ne vous appellerons plus. Au revoir.",
    already: "Quelqu'un a déjà répondu. Au revoir.",
    already_by: "{by} a déjà répondu. Au revoir.",
    goodbye: "Au revoir.",
    wrote_joined: "Merci. Nous avons noté que vous participez à {title}.",
    wrote_missed: "Merci. Nous avons noté que vous ne pouvez pas participer à {title}.",
    wrote_already: "Merci. Quelqu'un a déjà répondu pour {title}.",
    wrote_already_by: "Merci. {name} a déjà répondu pour {title}.",
    wrote_nothing: "Merci. Rien n'attend de réponse de votre part.",
};

const SPANISH: Texts = Texts {
    reminder: "Hola {name}. Su cita {title} empieza en {minutes} minutos.",
    menu: "Pulse 1 si participa. Pulse 2 si no puede.",
    opt_out: "Pulse 9 si no quiere que le llamemos más.",
    not_understood: "No hemos entendido esa tecla.",
    joined: "Gracias. Hemos anotado que participa. Adiós.",
    missed: "Gracias. Hemos anotado que no puede participar. Adiós.",
    opted_out: "No le llamaremos más. Adiós.",
    already: "Ya se ha respondido. Adiós.",
    already_by: "Ya ha respondido {by}. Adiós.",
    goodbye: "Adiós.",
    wrote_joined: "Gracias. Hemos anotado que participa en {title}.",
    wrote_missed: "Gracias. Hemos anotado que no puede participar en {title}.",
    wrote_already: "Gracias. Ya se ha respondido a {title}.",
    wrote_already_by: "Gracias. {name} ya ha respondido a {title}.",
    wrote_nothing: "Gracias. No hay nada pendiente de su respuesta.",
};

/// The sentences of a language, such as `de-AT`; English where we know none.
pub fn texts(language: &str) -> &'static Texts {
    match language.split('-').next().unwrap_or_default() {
        "de" => &GERMAN,
        "fr" => &FRENCH,
        "es" => &SPANISH,
        _ => &ENGLISH,
    }
}
