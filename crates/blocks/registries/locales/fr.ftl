# used: action-registries-
# used: registries-file-
# used: problem-registries-
# used: block-registries
## Navigation et listes
registries-title = Registres
registries-nav = Registres
registries-group = Données
registries-lead = Un registre contient des fiches d’une même sorte : personnes, lieux, licences. Son schéma dit quels champs a une fiche.
registries-none = Il n’y a pas encore de registre.
registries-none-hint = Créez-en un ou importez un fichier : ses champs sont reconnus pour vous.
registries-new = Nouveau registre
registries-new-from-file = Nouveau registre à partir d’un fichier
registries-name = Nom
registries-code = Code court
registries-code-hint = Lettres, chiffres et traits d’union. Les programmes l’utilisent dans les adresses. Il ne peut plus être changé ensuite.
registries-description = Description
registries-description-hint = Ce que contient le registre, pour ceux qui ne l’ont jamais vu.
registries-records = Fiches
registries-version = Version
registries-state = État
registries-changed = Modifié
registries-by = Par
registries-create = Créer le registre
registries-created = Le registre est créé. Ajoutez ses champs, puis publiez-le.

## États
registries-state-draft = Brouillon
registries-state-published = Publié
registries-state-superseded = Remplacé
registries-state-has-draft = Avec des modifications non publiées

## Un registre
registries-overview = Aperçu
registries-schema = Schéma
registries-changes = Modifications
registries-reads = Consultations
registries-statistics = Statistiques
registries-import = Importer
registries-export = Exporter
registries-versions = Versions
registries-openapi = Description de l’API (OpenAPI)
registries-per-day = Fiches créées par jour
registries-day = Jour
registries-not-published = Ce registre est un brouillon. Les fiches pourront être saisies une fois qu’il sera publié.
registries-personal = Données personnelles
registries-personal-notice = Ce registre contient des données personnelles. Chaque consultation d’une fiche est notée, et la personne peut la voir.

## Fiches
registries-search = Rechercher
registries-filter-field = Champ
registries-filter-any = Tous les champs
registries-find = Trouver
registries-no-records = Il n’y a pas de fiche.
registries-no-matches = Aucune fiche ne correspond.
registries-no-matches-hint = Essayez moins de mots ou d’autres mots, ou affichez toutes les fiches.
registries-record = Fiche
registries-record-title = Fiche { $key }
registries-record-new = Nouvelle fiche
registries-record-create = Créer la fiche
registries-record-created = La fiche est créée.
registries-record-edit = Modifier
registries-record-edit-title = Modifier la fiche { $key }
registries-record-save = Enregistrer les modifications
registries-record-saved = Les modifications sont enregistrées.
registries-record-delete = Supprimer
registries-record-delete-title = Supprimer cette fiche ?
registries-record-delete-text = La fiche disparaît des listes et des recherches. Son historique reste et dit qui l’a supprimée.
registries-record-deleted = La fiche est supprimée.
registries-record-conflict = Quelqu’un d’autre a modifié cette fiche pendant que vous l’aviez ouverte.
registries-record-actions = Actions
registries-fields = Champs
registries-empty = (vide)
registries-yes = Oui
registries-no = Non
registries-choose = Choisir
registries-created-at = Créée le
registries-modified-at = Dernière modification
registries-identifier = Identifiant

## Modifications et consultations
registries-change-log = Modifications de cette fiche
registries-read-log = Qui a consulté cette fiche
registries-all-entries = Afficher toutes les entrées
registries-when = Quand
registries-who = Qui
registries-what = Quoi
registries-action-create = Création
registries-action-update = Modification
registries-action-delete = Suppression
registries-hidden = (masqué : données personnelles)
registries-no-changes = Rien n’a encore été modifié.
registries-no-reads = Personne n’a encore consulté de données personnelles ici.
registries-purpose = Motif
registries-client = Organisation
registries-reads-lead = À chaque consultation de données personnelles, une ligne est écrite ici avant que la réponse ne soit donnée.
registries-changes-lead = Chaque modification, avec les valeurs avant et après. Personne ne peut retirer une ligne sans que cela se voie.

## Schéma
registries-schema-lead = Modifiez le brouillon à votre gré. Rien ne change pour personne avant sa publication.
registries-field = Champ
registries-field-name = Nom
registries-field-name-hint = Tel qu’il figure dans les formulaires et dans l’API. Lettres, chiffres, espaces, _ et -.
registries-field-kind = Type
registries-field-description = Description
registries-field-description-hint = Affichée à côté du champ dans les formulaires.
registries-field-example = Exemple
registries-field-required = Doit être rempli
registries-field-unique = Deux fiches ne peuvent pas avoir la même valeur
registries-field-primary = Désigne la fiche (clé primaire)
registries-field-read-only = Rempli par le système : personne ne le saisit ni ne le modifie
registries-field-personal = Donnée personnelle
registries-field-personal-id = Identifie la personne concernée
registries-field-fulltext = Trouvé par la recherche
registries-field-min = Valeur ou longueur minimale
registries-field-max = Valeur ou longueur maximale
registries-field-choices = Valeurs au choix
registries-field-choices-hint = Une par ligne. Laissez vide pour permettre toute valeur.
registries-field-link = Renvoie au registre
registries-field-none = Aucun
registries-field-rules = Règles
registries-field-add = Ajouter un champ
registries-field-added = Le champ est ajouté au brouillon.
registries-field-save = Enregistrer le champ
registries-field-saved = Le champ est enregistré dans le brouillon.
registries-field-remove = Retirer
registries-field-remove-title = Retirer le champ { $field } ?
registries-field-remove-text = Il disparaît de la prochaine version. Les anciennes versions montrent encore ses valeurs.
registries-field-removed = Le champ est retiré du brouillon.
registries-field-up = Monter { $field }
registries-field-down = Descendre { $field }
registries-no-fields = Le brouillon n’a pas encore de champ.
registries-kind-text = Texte
registries-kind-integer = Nombre entier
registries-kind-number = Nombre
registries-kind-boolean = Oui ou non
registries-kind-date = Date
registries-kind-datetime = Date et heure
registries-kind-time = Heure
registries-kind-list = Liste
registries-publish = Publier
registries-publish-title = Publier la version { $version } ?
registries-publish-now = Publier cette version
registries-impact = Ce que change la publication
registries-impact-duplicates = Fiches qui partagent une valeur qui doit être unique
registries-impact-misfits = Fiches qui ne conviennent pas à la nouvelle version
registries-impact-breaking = { $count ->
    [one] Une modification peut gêner des programmes qui utilisent le registre. Ils peuvent rester sur l’ancienne version.
   *[other] { $count-text } modifications peuvent gêner des programmes qui utilisent le registre. Ils peuvent rester sur l’ancienne version.
}
registries-breaking = Peut gêner des programmes
registries-harmless = Sans risque
registries-no-draft = Il n’y a rien à publier : le brouillon est identique à la version publiée.

## Statistiques
registries-statistics-lead = Seulement des nombres. Aucune valeur d’une fiche n’apparaît ici.
registries-count = Nombre
registries-reads-per-day = Consultations de données personnelles par jour
registries-changes-per-day = Modifications par jour

## Importer et exporter
registries-import-lead = Un fichier CSV, JSON ou NDJSON, en UTF-8. Il est d’abord examiné ; rien n’est écrit avant votre accord.
registries-import-file = Fichier
registries-import-file-hint = Au plus { $size }. Pour les fichiers plus grands : la commande « stoa registry import ».
registries-import-upload = Examiner le fichier
registries-import-found = Ce qui a été reconnu
registries-import-rows = { $count ->
    [one] { $count-text } ligne
   *[other] { $count-text } lignes
}
registries-import-key = Clé : retrouve une fiche déjà présente
registries-import-key-hint = Une ligne dont la clé est déjà présente met cette fiche à jour. Importer deux fois le même fichier ne change rien.
registries-import-start = Importer les fiches
registries-import-done = { $created-text } créées, { $updated-text } mises à jour, { $unchanged-text } inchangées.
registries-import-faults = { $count ->
    [0] Le fichier ne présente aucun défaut.
    [one] Une ligne demande votre attention.
   *[other] { $count-text } lignes demandent votre attention.
}
registries-import-refused = { $count ->
    [0] Aucune ligne n’a été refusée.
    [one] Une ligne a été refusée ; les autres sont importées.
   *[other] { $count-text } lignes ont été refusées ; les autres sont importées.
}
registries-import-line = Ligne
registries-import-fault = Défaut
registries-import-examples = Exemples
registries-import-filled = Rempli
registries-import-try = Essayer sans rien écrire
registries-import-tried = C’était un essai : rien n’a été écrit.
registries-import-no-file = Choisissez un fichier.
registries-export-lead = Toutes les fiches que vous pouvez voir.
registries-export-format = Format
registries-export-start = Télécharger
registries-export-csv = CSV, pour les tableurs
registries-export-json = JSON
registries-export-ndjson = NDJSON, une fiche par ligne

## Designer, forms and outcomes
registries-before-after = Avant → après
registries-bounds-wrong = La plus grande valeur est inférieure à la plus petite
registries-change-added = Nouveau champ
registries-change-loosened = Une règle permet plus qu’avant
registries-change-marked = Le champ est traité autrement
registries-change-removed = Champ retiré
registries-change-renamed = Champ renommé
registries-change-retyped = Autre type
registries-change-tightened = Une règle refuse plus qu’avant
registries-code-taken = Un autre registre porte ce code
registries-code-wrong = Saisissez 1 à 60 lettres (A–Z), chiffres ou traits d’union, en commençant par une lettre
registries-datetime-hint = Date et heure avec le décalage, comme 2026-11-24T09:30:00Z.
registries-delete = Supprimer le registre
registries-delete-text =
    { $count ->
        [0] Il disparaît de toutes les listes.
        [one] Il disparaît de toutes les listes, avec son enregistrement.
       *[other] Il disparaît de toutes les listes, avec ses { $count-text } enregistrements.
    } Son histoire reste dans les preuves.
registries-delete-title = Supprimer le registre { $name } ?
registries-deleted = Le registre a été supprimé.
registries-details = Nom et description
registries-details-save = Enregistrer
registries-details-saved = Le nom et la description ont été enregistrés.
registries-effect = Effet
registries-example-hint = Par exemple : { $example }
registries-field-name-missing = Saisissez le nom du champ
registries-field-name-taken = Un autre champ du brouillon porte ce nom
registries-field-pattern = Motif
registries-field-pattern-hint = Une expression rationnelle à laquelle le texte entier doit répondre, comme [A-Z]{"{"}2{"}"}.
registries-field-refused = Le champ ne convient pas au schéma
registries-institution = Institution
registries-list-hint = Un par ligne.
registries-name-missing = Saisissez un nom
registries-number-wrong = Saisissez un nombre, comme 10 ou 2,5
registries-numbered-hint = Laissez vide pour recevoir le numéro suivant.
registries-page = Page { $number-text }
registries-pattern-wrong = Ce motif ne peut être utilisé :
registries-published-at = Publié le
registries-published-now = La version est publiée. Les enregistrements peuvent être saisis.
registries-publishing-now = Les fiches existantes sont vérifiées pour la nouvelle version. Elle sera publiée dès que ce sera fait.
registries-read-log-kept = Noter qui lit les données personnelles
registries-read-log-kept-hint = À désactiver seulement si la loi le permet.
registries-reason = Motif
registries-rule-choices = Choix
registries-rule-fulltext = Recherché
registries-rule-linked = Lié
registries-rule-pattern = Motif
registries-rule-primary = Nomme l’enregistrement
registries-rule-read-only = Lecture seule
registries-rule-required = Obligatoire
registries-rule-unique = Unique
registries-schema-json = Le schéma en JSON
registries-time-hint = Comme 09:30.
registries-import-format = L’extension du fichier n’indique aucun format : utilisez .csv, .json ou .ndjson
registries-create-import = Créer le registre et importer
registries-more =
    { $count ->
        [one] et une de plus
       *[other] et { $count-text } de plus
    }

## Faults in words
registries-fault-required = Indiquez : { $field }
registries-fault-choose = Choisissez dans la liste : { $field }
registries-fault-text = { $field } : il faut un texte
registries-fault-number = { $field } : il faut un nombre, comme 10 ou 2.5
registries-fault-integer = { $field } : il faut un nombre entier, comme 10
registries-fault-date = { $field } : il faut une date réelle, jour, mois et année, comme 24 11 2026
registries-fault-datetime = { $field } : il faut une date et une heure avec son décalage, comme 2026-11-24T09:30:00Z
registries-fault-time = { $field } : il faut une heure, comme 09:30
registries-fault-list = { $field } : au plus 1000 textes, un par ligne
registries-fault-min = { $field } est trop petit : indiquez { $bound } ou plus
registries-fault-max = { $field } est trop grand : indiquez { $bound } ou moins
registries-fault-short = { $field } est trop court. Minimum de caractères : { $bound }
registries-fault-long = { $field } est trop long. Maximum de caractères : { $bound }
registries-fault-large = { $field } est plus long qu’un champ ne peut l’être
registries-fault-pattern = { $field } n’a pas la forme que le registre demande :
registries-fault-example = { $field } n’a pas la forme que le registre demande. Par exemple : { $example }
registries-fault-unique = Une autre fiche a la même valeur : { $field }
registries-fault-foreign = { $field } ne désigne aucune fiche du registre lié
registries-fault-read-only = { $field } est rempli par le système et ne peut être saisi
registries-fault-unknown = { $field } n’est pas un champ de ce registre
registries-fault-format = { $field } contient un caractère qui ne peut être conservé
registries-fault-other = { $field } ne peut être accepté :

## Faults of files
registries-file-line = Ligne { $line-text } :
registries-file-column = Ligne { $line-text }, colonne { $column-text } :
registries-file-unreadable = le fichier ne peut être lu.
registries-file-empty = le fichier ne contient aucune fiche.
registries-file-not-utf8 = un octet qui n’est pas de l’UTF-8. Enregistrez le fichier en UTF-8 et réessayez.
registries-file-quote-inside = un guillemet dans une cellule. Mettez toute la cellule entre guillemets et doublez le guillemet.
registries-file-after-quote = du texte après le guillemet fermant. Un guillemet dans une cellule entre guillemets s’écrit deux fois.
registries-file-open-quote = le guillemet ouvert ici n’est jamais fermé.
registries-file-nameless-column = une colonne n’a pas de nom.
registries-file-duplicate-column = une colonne figure deux fois :
registries-file-too-many-columns = le tableau a trop de colonnes.
registries-file-ragged = la ligne n’a pas le même nombre de cellules que l’en-tête.
registries-file-long-field = une cellule est trop longue.
registries-file-long-record = une fiche est trop longue.
registries-file-formula = un tableur exécuterait cette cellule comme une formule.
registries-file-not-json = ceci n’est pas du JSON.
registries-file-not-records = des fiches sont attendues ici : un tableau d’objets, ou un objet par ligne.
registries-file-wrong-type = la valeur ne correspond pas au type du champ.
registries-file-key-missing = la clé manque.
registries-file-refused = le registre refuse la fiche.

## Two people, one record
registries-conflict-do = Regardez le formulaire encore une fois, puis enregistrez-le.
registries-conflict-taken = Ce que l’autre personne a modifié, et vous non, est déjà dans le formulaire :
registries-conflict-both = Vous avez tous deux modifié { $field }. Gardez votre saisie, ou indiquez ce que la fiche contient maintenant :
registries-entries =
    { $count ->
        [one] { $count-text } élément
       *[other] { $count-text } éléments
    }
registries-too-long = Indiquez au plus { $count-text } caractères

## More of the designer
registries-field-link-lost = { $register } : champ { $field } (ne peut plus être choisi)
registries-field-title = Nom pour les personnes : { $language }
registries-field-kind-show = Afficher les règles de ce type
registries-field-shortest = Minimum de caractères
registries-field-longest = Maximum de caractères
registries-field-numbering = Numéroté par le registre
registries-field-numbering-hint = Un modèle avec {"{"}indexNoByCode{"}"} ; aussi {"{"}code{"}"} et {"{"}yyyy{"}"}. Les nouvelles fiches sans valeur reçoivent le numéro suivant.
registries-numbering-wrong = Le modèle doit contenir {"{"}indexNoByCode{"}"}, qui compte les fiches
registries-field-name-wrong = Indiquez un nom de 1 à 100 caractères
registries-field-example-wrong = L’exemple ne correspond pas au type du champ
registries-field-unfillable = Un champ que seul le système remplit ne peut être exigé : numérotez-le, ou retirez l’une des deux règles
registries-draft-late = Quelqu’un d’autre a modifié le brouillon entre-temps.
registries-draft-late-do = Votre saisie est toujours là. Regardez le schéma, puis enregistrez encore une fois.
registries-preview = Voir le formulaire
registries-preview-lead = Le formulaire du brouillon aura cet aspect. Rien n’est envoyé d’ici.
registries-discard = Abandonner le brouillon
registries-discard-title = Abandonner le brouillon ?
registries-discard-text = Toutes les modifications non publiées depuis la version { $version } disparaissent.
registries-discarded = Le brouillon a été abandonné.
registries-schema-change = Retour au schéma
registries-no-draft-do = Modifiez d’abord un champ du schéma ; l’effet de la publication s’affichera ici.
registries-impact-new = C’est la première version. Les fiches pourront être saisies après sa publication.
registries-impact-texts = Seuls des textes pour les personnes changent. Aucune règle ne change.
registries-impact-harmless = Aucune de ces modifications ne casse les programmes qui utilisent le registre aujourd’hui.
registries-schema-empty = Il faut au moins un champ dans le schéma

## Problems
problem-registries-registry-not-found = Ce registre n’existe pas.
problem-registries-version-not-found = Le registre n’a pas cette version, ou aucune n’est encore publiée.
problem-registries-field-not-found = Le registre n’a pas ce champ.
problem-registries-record-not-found = Cette fiche n’existe pas, ou a été supprimée.
problem-registries-code-taken = Un autre registre a ce code.
problem-registries-invalid-schema = Le schéma enfreint une règle.
problem-registries-invalid-record = La fiche ne correspond pas à son schéma.
problem-registries-invalid-request = L’adresse de la page contient quelque chose que le registre n’a pas.
problem-registries-not-unique = Une autre fiche a la même valeur.
problem-registries-several-match = Plusieurs fiches correspondent alors qu’une seule est attendue.
problem-registries-still-referred = D’autres fiches y renvoient, elle reste donc.
problem-registries-no-draft = Il n’y a pas de brouillon à publier.
problem-registries-draft-changed = Quelqu’un d’autre a modifié le brouillon entre-temps.
problem-registries-record-changed = Quelqu’un d’autre a modifié la fiche entre-temps.

## The block
block-registries = Registres numériques
block-registries-about = Des registres conçus sans programmer : personnes, lieux, licences. Chaque modification et chaque lecture de données personnelles est notée.

## What was done
action-registries-registry-draft = A modifié un brouillon
action-registries-registry-publish = A publié une version
action-registries-registry-details = A modifié le nom ou la description
action-registries-registry-discard = A abandonné un brouillon
action-registries-registry-delete = A supprimé un registre
action-registries-record-create = A créé une fiche
action-registries-record-update = A modifié une fiche
action-registries-record-delete = A supprimé une fiche
action-registries-record-read = A lu des données personnelles
action-registries-usage-read = A demandé qui a lu les données d’une personne

## Uploads
registries-import-new-lead = Un fichier CSV, JSON ou NDJSON, en UTF-8. Vous voyez d’abord ce qui a été reconnu ; rien n’est écrit avant votre confirmation.
registries-import-kept = Rien n’est encore écrit. Dites ce qu’il faut faire du fichier.
registries-import-runs = Le fichier est en cours de lecture. Cette page se rafraîchit d’elle-même ; vous pouvez la quitter et y revenir.
registries-import-ended = Le fichier a été lu jusqu’au bout.
registries-import-failed = Le fichier n’a pas pu être lu jusqu’au bout.
registries-import-failed-do = Ce qui a été écrit avant reste. Réimporter le même fichier n’ajoute que ce qui manque, si ses lignes ont une clé.
registries-import-found-lead = Voici ce que le fichier semble contenir. Rien n’est écrit avant votre confirmation.
registries-formulas = Prendre comme texte les cellules qui ressemblent à des formules
registries-formulas-hint =
    { $count ->
        [one] Une cellule ressemble à une formule qu’un tableur exécuterait, ligne { $lines }.
       *[other] { $count-text } cellules ressemblent à des formules qu’un tableur exécuterait, lignes { $lines }.
    }
registries-formulas-wrong = Corrigez les cellules dans le fichier, ou prenez-les comme texte
problem-registries-upload-not-found = Le fichier n’est plus là : il a été lu, ou personne n’y est revenu dans la journée.

## Purposes
registries-purpose-why = Pourquoi consultez-vous ces données ?
registries-purpose-lead = Ce registre contient des données personnelles. Votre motif est noté à chaque lecture, et la personne concernée peut le voir.
registries-purpose-asked = La personne l’a demandé
registries-purpose-law = Une obligation de ma fonction
registries-purpose-correct = Pour corriger ou compléter les données
registries-purpose-check = Pour vérifier la tenue du registre
registries-purpose-other = Un autre motif
registries-purpose-words = Avec vos mots, ou le numéro du dossier
registries-purpose-go = Continuer
registries-purpose-change = Changer
registries-purpose-missing = Choisissez pourquoi vous consultez ces données
registries-purpose-words-missing = Indiquez le motif avec vos mots

## Publishing over many records
registries-no-longer = plus : { $rule }
registries-publish-duplicates = { $field } : des fiches présentes ont la même valeur
problem-registries-publishing = Une version de ce registre est en cours de publication. Attendez qu’elle soit sortie.
problem-registries-breaks-new-rules = Des fiches présentes enfreignent les nouvelles règles.
registries-publishing = La version { $version } est en route
registries-publishing-refused = La version { $version } a été refusée : des fiches présentes enfreignent ses règles
